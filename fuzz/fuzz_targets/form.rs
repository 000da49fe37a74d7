//! Forms of any bytes, cut anywhere: no panic, the parts never depend on the cuts, an edit of nothing changes nothing,
//! and a field that was set is the field that is read.
#![no_main]

use arbitrary::Arbitrary;
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use wire::form::{Boundary, Form, FormEdit, FormError, FormLimits, FormOutline, FormScanner};

#[derive(Debug, Arbitrary)]
struct Input {
    /// Whether the bytes follow the beginning of a form.
    begun: bool,
    bytes: Vec<u8>,
    cuts: Vec<usize>,
    value: String,
}

fn boundary() -> Boundary {
    Boundary::of_content_type("multipart/form-data; boundary=b").expect("it is one")
}

fn scanned(body: &[u8], cuts: &[usize]) -> Result<FormOutline, FormError> {
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut % (body.len() + 1)).collect();
    places.extend([0, body.len()]);
    places.sort_unstable();
    let mut scanner = FormScanner::new(boundary(), FormLimits::default());
    for pair in places.windows(2) {
        scanner.feed(&body[pair[0]..pair[1]])?;
    }
    scanner.finish()
}

fuzz_target!(|input: Input| {
    let mut body = Vec::new();
    if input.begun {
        body.extend_from_slice(b"--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n");
    }
    body.extend_from_slice(&input.bytes);
    let whole = scanned(&body, &[]);
    assert_eq!(scanned(&body, &input.cuts), whole);
    let Ok(form) = Form::parse(Bytes::from(body.clone()), boundary(), FormLimits::default()) else { return };
    assert_eq!(FormEdit::new(&form).apply().into_bytes(), body);
    let _ = form.fields();
    let mut edit = FormEdit::new(&form);
    let json = serde_json::Value::from(input.value.clone()).to_string();
    if edit.set("model", json.as_bytes()).is_err() {
        return;
    }
    let edited = edit.apply().into_bytes();
    let form = Form::parse(edited, boundary(), FormLimits::default()).expect("an edited form is a form");
    // Another field may still be there twice.
    let Ok(fields) = form.fields() else { return };
    let model = fields.member("model").expect("it is there once").expect("it is there");
    assert_eq!(model.as_str().as_deref(), Some(input.value.as_str()));
});
