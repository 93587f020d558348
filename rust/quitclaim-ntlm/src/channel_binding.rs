//! What ties a login to the TLS connection that it is on. RFC 5929, MS-NLMP §3.1.5.1.2.

use crate::crypto::{md5, same};

/// The binding to one TLS connection: what a client puts in `MsvAvChannelBindings` if nobody is between it and us.
///
/// ```
/// use quitclaim_ntlm::ChannelBinding;
///
/// let sha256_of_our_certificate = [0xE3; 32];
/// let binding = ChannelBinding::tls_server_end_point(&sha256_of_our_certificate);
/// assert_ne!(binding, ChannelBinding::tls_server_end_point(&[0; 32]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ChannelBinding([u8; 16]);

impl ChannelBinding {
    /// The binding of connections that present the certificate of that hash (RFC 5929 §4, `tls-server-end-point`).
    ///
    /// The hash is of the whole certificate in DER, by the hash function of the certificate's own signature; by SHA-256
    /// where that is MD5 or SHA-1.
    #[must_use]
    pub fn tls_server_end_point(certificate_hash: &[u8]) -> Self {
        let length = u32::try_from(PREFIX.len() + certificate_hash.len()).unwrap_or(u32::MAX);
        // gss_channel_bindings_struct of RFC 2744 §3.11, little-endian: no addresses, then the application's data.
        Self(md5(&[&[0; 16], &length.to_le_bytes(), PREFIX, certificate_hash]))
    }

    pub(crate) fn is(self, claimed: [u8; 16]) -> bool {
        same(&self.0, &claimed).into()
    }
}

const PREFIX: &[u8] = b"tls-server-end-point:";
