//! What is read of the files, and what is said of those that are of no use.

use std::fs;
use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tempfile::TempDir;

use crate::environment::DiskEnvironment;
use crate::load::{Loaded, Loader};
use crate::settings::SharedTls;

/// A folder with the files of an authority and of a client.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for name in ["ca", "client", "other"] {
            let CertifiedKey { cert, signing_key } =
                generate_simple_self_signed([format!("{name}.example")]).unwrap();
            folder.write(&format!("{name}.crt"), &cert.pem());
            folder.write(&format!("{name}.key"), &signing_key.serialize_pem());
        }
        folder.write("empty", "");
        folder.write("broken", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        folder
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.path().join(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.path().join(name)).unwrap()
    }

    fn load(&self, url: &str, tls: &str) -> Result<Loaded, String> {
        let environment = Arc::new(DiskEnvironment(|_: &str| None));
        let loader = Loader::new(self.0.path().join("tollgate.yaml"), environment);
        let text = format!("state: {{shared: {{url: '{url}', tls: {{{tls}}}}}}}\n");
        loader.load_text(&text, 1).map_err(|errors| errors.to_string())
    }

    fn settings(&self, tls: &str) -> SharedTls {
        let loaded = self.load("rediss://u:hunter2@host/0", tls).unwrap();
        loaded.state.shared.unwrap().tls.unwrap()
    }
}

#[test]
fn authorities_and_a_client_are_read_with_the_configuration() {
    let folder = Folder::new();
    let loaded = folder.load(
        "rediss://host/0",
        "ca_files: [ca.crt, other.crt], certificate: client.crt, private_key: client.key",
    );
    let loaded = loaded.unwrap();
    let SharedTls { authorities, client } = loaded.state.shared.unwrap().tls.unwrap();
    let client = client.unwrap();
    let [ca, other] = ["ca.crt", "other.crt"].map(|name| folder.read(name));
    let authorities = authorities.unwrap();
    assert!(authorities.contains(&ca) && authorities.contains(&other), "{authorities}");
    assert_eq!(
        (client.chain.clone(), client.private_key.expose()),
        (folder.read("client.crt"), &*folder.read("client.key"))
    );
    assert!(!format!("{client:?}").contains("PRIVATE KEY"));
    let watched = ["ca.crt", "other.crt", "client.crt", "client.key"].map(|name| folder.0.path().join(name));
    assert_eq!(loaded.files, watched, "a change of one of them is seen");
}

#[test]
fn whatever_is_left_out_is_as_it_was() {
    let folder = Folder::new();
    assert_eq!(folder.settings(""), SharedTls::default());
    let client = folder.settings("certificate: client.crt, private_key: client.key");
    assert!(client.authorities.is_none() && client.client.is_some());
}

#[test]
fn a_file_that_is_of_no_use_is_named_with_its_place() {
    let folder = Folder::new();
    for (tls, place, file, why) in [
        ("ca_files: [ca.crt, none.crt]", "ca_files[1]", "none.crt", "No such file"),
        ("ca_files: [empty]", "ca_files[0]", "empty", "no certificate in PEM format"),
        ("ca_files: [ca.key]", "ca_files[0]", "ca.key", "no certificate in PEM format"),
        ("ca_files: [broken]", "ca_files[0]", "broken", ""),
        ("certificate: none.crt, private_key: client.key", "certificate", "none.crt", "No such file"),
        ("certificate: client.key, private_key: client.key", "certificate", "client.key", "no certificate"),
        ("certificate: client.crt, private_key: none.key", "private_key", "none.key", "No such file"),
        ("certificate: client.crt, private_key: client.crt", "private_key", "client.crt", "no private key"),
    ] {
        let refused = folder.load("rediss://u:hunter2@host/0", tls).unwrap_err();
        let path = folder.0.path().join(file);
        let expected = format!("state.shared.tls.{place}: the file `{}` cannot be used: ", path.display());
        assert!(refused.contains(&expected) && refused.contains(why), "{tls}: {refused}");
        assert!(!refused.contains("hunter2") && !refused.contains("PRIVATE KEY"), "{refused}");
    }
}

#[test]
fn a_certificate_and_its_key_go_together() {
    let folder = Folder::new();
    let refused = |tls| folder.load("rediss://host/0", tls).unwrap_err();
    assert!(refused("certificate: client.crt").contains("tls.private_key: `certificate` and"));
    assert!(refused("private_key: client.key").contains("tls.certificate: `certificate` and"));
    let apart = refused("certificate: client.crt, private_key: other.key");
    assert!(apart.contains("tls.private_key: it does not belong to `certificate`"), "{apart}");
}

#[test]
fn who_speaks_no_tls_or_says_it_elsewhere_is_told_so() {
    let folder = Folder::new();
    for (url, expected) in [
        ("redis://u:hunter2@host/0", "have it begin with `rediss://`"),
        ("valkey://u:hunter2@host/0", "have it begin with `rediss://`"),
        ("postgres://u:hunter2@host/d", "sslrootcert=FILE"),
    ] {
        let refused = folder.load(url, "ca_files: [ca.crt]").unwrap_err();
        assert!(refused.contains("state.shared.tls: ") && refused.contains(expected), "{refused}");
        assert!(!refused.contains("hunter2"), "{refused}");
    }
    folder.load("valkeys://host/0", "ca_files: [ca.crt]").unwrap();
}
