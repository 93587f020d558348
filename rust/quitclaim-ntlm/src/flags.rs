//! `NegotiateFlags`, MS-NLMP §2.2.2.5: what is named here is used here.
//!
//! ```text
//!        client offers in NEGOTIATE, we answer in CHALLENGE, client settles in AUTHENTICATE
//! 31 56-bit          23 TARGET_INFO      15 ALWAYS_SIGN            7 LM_KEY (never echoed)
//! 30 KEY_EXCH        22 non-NT key       14 –                      6 DATAGRAM (never echoed)
//! 29 128-bit         21 –                13 WORKSTATION_SUPPLIED   5 SEAL
//! 28..26 –           20 IDENTIFY         12 DOMAIN_SUPPLIED        4 SIGN
//! 25 VERSION         19 ESS              11 ANONYMOUS              3 –
//! 24 –               18 –                10 –                      2 REQUEST_TARGET
//!                    17 TYPE_SERVER       9 NTLM                   1 OEM
//!                    16 TYPE_DOMAIN       8 –                      0 UNICODE
//! ```

pub(crate) const UNICODE: u32 = 1;
pub(crate) const OEM: u32 = 1 << 1;
pub(crate) const REQUEST_TARGET: u32 = 1 << 2;
pub(crate) const SIGN: u32 = 1 << 4;
pub(crate) const SEAL: u32 = 1 << 5;
pub(crate) const NTLM: u32 = 1 << 9;
pub(crate) const ANONYMOUS: u32 = 1 << 11;
pub(crate) const DOMAIN_SUPPLIED: u32 = 1 << 12;
pub(crate) const WORKSTATION_SUPPLIED: u32 = 1 << 13;
pub(crate) const ALWAYS_SIGN: u32 = 1 << 15;
pub(crate) const TYPE_DOMAIN: u32 = 1 << 16;
pub(crate) const TYPE_SERVER: u32 = 1 << 17;
/// Extended session security, which NTLMv1 has with it and without.
pub(crate) const ESS: u32 = 1 << 19;
pub(crate) const TARGET_INFO: u32 = 1 << 23;
pub(crate) const VERSION: u32 = 1 << 25;
pub(crate) const KEY_128: u32 = 1 << 29;
pub(crate) const KEY_EXCH: u32 = 1 << 30;
pub(crate) const KEY_56: u32 = 1 << 31;

/// What we answer to what a client offers, but for the target's type. MS-NLMP §3.2.5.1.1.
pub(crate) fn answer(offered: u32) -> u32 {
    let charset = if offered & UNICODE != 0 { UNICODE } else { OEM };
    // A key is exchanged only to sign or seal. Told KEY_EXCH without either, an honest client keeps the flag and sends no
    // key (§3.1.5.1.2; pyspnego does), and §3.2.5.1.2 makes us refuse it: so it is not told.
    let key_exchange = if offered & (SIGN | SEAL) == 0 { 0 } else { KEY_EXCH };
    let echoed = REQUEST_TARGET | SIGN | SEAL | ALWAYS_SIGN | ESS | VERSION | KEY_128 | KEY_56 | key_exchange;
    charset | NTLM | TARGET_INFO | offered & echoed
}

/// What an AUTHENTICATE's flags mean, given those of the CHALLENGE.
///
/// JavaMail sends none at all (it sets them in a copy of the message that it does not send), and its strings are as
/// they were negotiated.
pub(crate) fn settled(sent: u32, challenged: u32) -> u32 {
    if sent & (UNICODE | OEM) == 0 { sent | challenged & (UNICODE | OEM | ESS) } else { sent }
}
