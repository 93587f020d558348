//! User names: how they are folded for the hash, and what of them a caller sees.

use crate::client::{CURL, Client, Mic};
use crate::login;
use quitclaim_ntlm::{Error, Policy};

/// Sent, and as Windows upper-cases it for the hash.
const FOLDED: [(&str, &str); 20] = [
    ("alice", "ALICE"),
    ("ALICE", "ALICE"),
    ("a-z_0@{|}~", "A-Z_0@{|}~"),
    ("müller", "MÜLLER"),
    ("françois÷", "FRANÇOIS÷"),
    ("straße", "STRAßE"),
    ("ÿves", "ŸVES"),
    ("ılknur", "ıLKNUR"),
    ("İlker", "İLKER"),
    ("\u{212A}arl", "\u{212A}ARL"), // the Kelvin sign
    ("ſtefan", "ſTEFAN"),
    ("µm", "µM"),
    ("ǆ", "Ǆ"),
    ("ανδρέας", "ΑΝΔΡΈΑς"),
    ("ᾳ", "ᾼ"),
    ("дмитрий", "ДМИТРИЙ"),
    ("გიორგი", "გიორგი"),
    ("ﬁnn", "ﬁNN"),
    ("𐐨", "𐐨"),
    ("李雷", "李雷"),
];

#[test]
fn names_are_folded_unit_by_unit_as_windows_does() {
    for (sent, hashed) in FOLDED {
        let client = Client { hashed_username: Some(hashed.to_owned()), ..Client::new(sent, "secret") };
        let established = login(&client, Policy::default(), "secret");
        assert_eq!(established.map(|login| login.username().to_owned()), Ok(sent.to_owned()));
    }
}

/// Sent, and as some other mapping would have it.
const NOT_FOLDED: [(&str, &str); 6] = [
    ("alice", "alice"),
    ("straße", "STRASSE"),
    ("ılknur", "ILKNUR"),
    ("ſtefan", "STEFAN"),
    ("\u{212A}arl", "KARL"),
    ("ﬁnn", "FINN"),
];

#[test]
fn names_are_not_folded_into_other_names() {
    for (sent, hashed) in NOT_FOLDED {
        let client = Client { hashed_username: Some(hashed.to_owned()), ..Client::new(sent, "secret") };
        assert_eq!(login(&client, Policy::default(), "secret").unwrap_err(), Error::LogonDenied);
    }
}

#[test]
fn domain_is_not_folded() {
    let client = |hashed: &str| Client {
        domain: "Example".to_owned(),
        hashed_domain: Some(hashed.to_owned()),
        ..Client::new("alice", "secret")
    };
    assert!(login(&client("Example"), Policy::default(), "secret").is_ok());
    assert_eq!(login(&client("EXAMPLE"), Policy::default(), "secret").unwrap_err(), Error::LogonDenied);
}

#[test]
fn names_come_out_as_they_were_sent() {
    let client =
        Client { domain: "Büro".to_owned(), workstation: "東京".to_owned(), ..Client::new("Ünal", "secret") };
    let claim = crate::claim(&client, Policy::default(), None).unwrap();
    assert_eq!((claim.username(), claim.domain(), claim.workstation()), ("Ünal", "Büro", "東京"));
}

#[test]
fn password_may_have_any_characters() {
    for password in ["", " ", "пароль", "pass\0word", "𐐨🔑", &"long".repeat(100)] {
        assert!(login(&Client::new("alice", password), Policy::default(), password).is_ok());
    }
}

#[test]
fn oem_names_are_folded_as_ascii() {
    let client = Client { offer: CURL, mic: Mic::None, ..Client::new("Alice.O'Hara", "secret") };
    assert_eq!(login(&client, Policy::default(), "secret").unwrap().username(), "Alice.O'Hara");
}

#[test]
fn longest_name_is_taken() {
    let name = "n".repeat(512);
    let client = Client { domain: name.clone(), ..Client::new(&name, "secret") };
    assert!(login(&client, Policy::default(), "secret").is_ok());
}
