//! Laws of forms.

use bytes::Bytes;
use proptest::prelude::*;

use super::*;

const FORM: &str = "--b\r\n\
    Content-Disposition: form-data; name=\"model\"\r\n\r\nwhisper-1\r\n\
    --b\r\n\
    Content-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\nContent-Type: audio/wav\r\n\r\n\
    RIFF\r\n\x00--\r\n--\r\n\n--c\r\n\r\n\
    --b\r\n\
    Content-Disposition: form-data; name=\"include[]\"\r\n\r\nlogprobs\r\n\
    --b--\r\n";

fn boundary() -> Boundary {
    Boundary::of_content_type("multipart/form-data; boundary=b").unwrap()
}

fn parse(text: impl AsRef<[u8]>) -> Result<Form, FormError> {
    Form::parse(Bytes::copy_from_slice(text.as_ref()), boundary(), FormLimits::default())
}

fn part(name: &str, value: &str) -> String {
    format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
}

fn form(parts: &[(&str, &str)]) -> String {
    let parts: String = parts.iter().map(|(name, value)| part(name, value)).collect();
    format!("{parts}--b--")
}

fn values(form: &Form) -> Vec<(String, Vec<u8>)> {
    form.parts().iter().map(|part| (part.name.clone(), form.value(part).into_owned())).collect()
}

fn edited(text: &str, change: impl FnOnce(&mut FormEdit<'_>)) -> String {
    let form = parse(text).unwrap();
    let mut edit = FormEdit::new(&form);
    change(&mut edit);
    String::from_utf8(edit.apply().into_bytes().to_vec()).unwrap()
}

fn fields(text: &str) -> Result<String, FieldError> {
    let document = parse(text).unwrap().fields()?;
    Ok(String::from_utf8(document.body().range(0..document.body().len()).into_owned()).unwrap())
}

#[test]
fn parts_are_found_with_their_names_types_and_bytes() {
    let form = parse(FORM).unwrap();
    assert_eq!(
        values(&form),
        [
            ("model".to_owned(), b"whisper-1".to_vec()),
            ("file".to_owned(), b"RIFF\r\n\x00--\r\n--\r\n\n--c\r\n".to_vec()),
            ("include[]".to_owned(), b"logprobs".to_vec()),
        ]
    );
    let file = &form.parts()[1];
    assert_eq!((file.file_name.as_deref(), file.media_type.as_deref()), (Some("a.wav"), Some("audio/wav")));
    assert!(file.is_file() && !form.parts()[0].is_file());
}

#[test]
fn a_form_reads_the_same_wherever_it_is_cut() {
    let whole = parse(FORM).unwrap().outline;
    for cut in 0..=FORM.len() {
        let mut scanner = FormScanner::new(boundary(), FormLimits::default());
        let (head, tail) = FORM.as_bytes().split_at(cut);
        scanner.feed(head).unwrap();
        scanner.feed(tail).unwrap();
        assert_eq!(scanner.finish().unwrap(), whole, "cut at {cut}");
    }
    let mut scanner = FormScanner::new(boundary(), FormLimits::default());
    FORM.as_bytes().iter().for_each(|byte| scanner.feed(&[*byte]).unwrap());
    assert_eq!(scanner.finish().unwrap(), whole);
}

#[test]
fn a_form_that_stops_anywhere_is_refused() {
    let end = FORM.len() - 2;
    for length in 0..end {
        assert_eq!(parse(&FORM.as_bytes()[..length]).unwrap_err(), FormError::UnexpectedEnd, "{length}");
    }
    assert!(parse(&FORM.as_bytes()[..end]).is_ok());
}

#[test]
fn what_readers_read_differently_is_refused() {
    let smuggled = part("model", "dear");
    for inside in
        [format!("x\n{smuggled}"), format!("x\r{smuggled}"), smuggled.clone(), "x\r\n--bc".to_owned()]
    {
        let refused = parse(format!("{}--b--", part("a", &inside))).unwrap_err();
        assert!(matches!(refused, FormError::BoundaryInside { .. }), "{inside:?}: {refused}");
    }
    assert_eq!(parse(format!("hello\r\n{}", form(&[]))).unwrap_err(), FormError::NoBoundary);
    let after = format!("{}\r\n{smuggled}--b--", form(&[]));
    assert!(matches!(parse(after).unwrap_err(), FormError::AfterEnd { at: 7 }));
    let no_line_break = FORM.replace("--b\r\n", "--b \r\n");
    assert!(matches!(parse(no_line_break).unwrap_err(), FormError::BoundaryInside { at: 0 }));
    assert!(parse(format!("\r\n{}", form(&[("a", "")]))).is_ok());
}

#[test]
fn parts_and_their_heads_are_bounded() {
    let limits = FormLimits { parts_max: 2, part_head_bytes_max: 60 };
    let scan =
        |text: &str| Form::parse(Bytes::copy_from_slice(text.as_bytes()), boundary(), limits).map(|_| ());
    assert_eq!(scan(&form(&[("a", "1"), ("b", "2")])), Ok(()));
    assert_eq!(scan(&form(&[("a", "1"); 3])), Err(FormError::TooManyParts { parts_max: 2 }));
    let long = "x".repeat(60);
    assert_eq!(scan(&form(&[(&long, "1")])), Err(FormError::HeadTooLarge { part: 1, bytes_max: 60 }));
}

#[test]
fn only_the_bytes_of_the_field_that_is_set_change() {
    let model = edited(FORM, |edit| edit.set("model", br#""gpt-\u0034o""#).unwrap());
    assert_eq!(model, FORM.replace("whisper-1", "gpt-4o"));
    assert_eq!(edited(FORM, |_| ()), FORM);
}

#[test]
fn fields_are_added_and_taken_out_with_their_elements() {
    let one = form(&[("a", "1"), ("include[]", "x"), ("include[]", "y")]);
    assert_eq!(edited(&one, |edit| edit.remove("include")), form(&[("a", "1")]));
    assert_eq!(edited(&one, |edit| edit.set("include", b"null").unwrap()), form(&[("a", "1")]));
    let list = edited(&one, |edit| edit.set("include", br#"["z",7]"#).unwrap());
    assert_eq!(list, form(&[("a", "1"), ("include[]", "z"), ("include[]", "7")]));
    let object = edited(&one, |edit| edit.set("a", br#"{"k":true,"l":null}"#).unwrap());
    assert_eq!(object, form(&[("include[]", "x"), ("include[]", "y"), ("a[k]", "true")]));
    let quoted = edited(&form(&[]), |edit| edit.set("a\"\r\n", b"1.50").unwrap());
    assert_eq!(quoted, form(&[("a%22%0D%0A", "1.50")]));
}

#[test]
fn a_default_is_for_what_is_not_there() {
    let kept = edited(FORM, |edit| {
        edit.default("model", br#""other""#).unwrap();
        edit.default("include", br#"["other"]"#).unwrap();
    });
    assert_eq!(kept, FORM);
    let added = edited(&form(&[("a", "1")]), |edit| {
        edit.default("b", br#""2""#).unwrap();
        edit.default("b", br#""3""#).unwrap();
        edit.remove("a");
        edit.default("a", b"4").unwrap();
    });
    assert_eq!(added, form(&[("a", "4"), ("b", "2")]));
}

#[test]
fn a_value_that_would_end_its_part_is_refused() {
    let form = parse(FORM).unwrap();
    let mut edit = FormEdit::new(&form);
    let holds = FormEditError::HoldsBoundary("model".to_owned());
    assert_eq!(edit.set("model", br#""x\r\n--b\r\n""#), Err(holds));
    assert_eq!(edit.set("model", b"x"), Err(FormEditError::NotJson("model".to_owned())));
}

#[test]
fn fields_are_read_as_members_and_files_are_not() {
    let text = form(&[
        ("model", "m\"\n"),
        ("stream", "True"),
        ("n", "2"),
        ("temperature", "0.5"),
        ("a[]", "1"),
        ("a[]", "2"),
    ]);
    assert_eq!(
        fields(&text).unwrap(),
        r#"{"model":"m\"\n","stream":true,"n":2,"temperature":"0.5","a[]":"1","a[]":"2"}"#
    );
    assert_eq!(fields(FORM).unwrap(), r#"{"model":"whisper-1","include[]":"logprobs"}"#);
    assert_eq!(fields(&form(&[("stream", "maybe"), ("n", "01")])).unwrap(), r#"{"stream":"maybe","n":"01"}"#);
    assert_eq!(fields(&form(&[])).unwrap(), "{}");
}

#[test]
fn a_governed_field_is_there_once_as_text() {
    for field in ["model", "stream", "stream_format", "response_format", "n"] {
        assert_eq!(fields(&form(&[(field, "1"), (field, "1")])), Err(FieldError::Duplicate(field)));
        let file = part(field, "1").replace("\"\r\n", "\"; filename=\"\"\r\n");
        assert_eq!(fields(&format!("{file}--b--")), Err(FieldError::NotText(field)));
    }
    let latin = [part("model", "?").replace('?', "\u{1}").into_bytes(), b"--b--".to_vec()].concat();
    let latin: Vec<u8> = latin.into_iter().map(|byte| if byte == 1 { 0xe9 } else { byte }).collect();
    assert_eq!(parse(latin).unwrap().fields().unwrap_err(), FieldError::NotText("model"));
}

proptest! {
    #[test]
    fn any_parts_are_read_back_wherever_they_are_cut(
        parts in proptest::collection::vec(("[a-z]{1,8}", proptest::collection::vec(any::<u8>(), 0..40)), 0..6),
        cuts in proptest::collection::vec(0_usize..400, 0..6),
    ) {
        let mut body = Vec::new();
        for (name, value) in &parts {
            // A byte that a boundary cannot have, so that no content holds one.
            let value: Vec<u8> = value.iter().map(|byte| if *byte == b'b' { b'#' } else { *byte }).collect();
            body.extend_from_slice(format!("--b\r\nContent-Disposition: form-data; name={name}; filename=f\r\n\r\n").as_bytes());
            body.extend_from_slice(&value);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--b--\r\n");
        let mut scanner = FormScanner::new(boundary(), FormLimits::default());
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| (*cut).min(body.len())).chain([0, body.len()]).collect();
        cuts.sort_unstable();
        let mut chunks = ChunkedBytes::new();
        for pair in cuts.windows(2) {
            scanner.feed(&body[pair[0]..pair[1]]).unwrap();
            chunks.push(Bytes::copy_from_slice(&body[pair[0]..pair[1]]));
        }
        let form = Form::from_parts(chunks, scanner.finish().unwrap());
        let read = values(&form);
        prop_assert_eq!(read.len(), parts.len());
        for ((name, value), (wanted, content)) in read.iter().zip(&parts) {
            let content: Vec<u8> = content.iter().map(|byte| if *byte == b'b' { b'#' } else { *byte }).collect();
            prop_assert_eq!((name, value), (wanted, &content));
        }
        prop_assert_eq!(FormEdit::new(&form).apply().into_bytes(), body);
    }

    #[test]
    fn bytes_that_are_no_form_are_refused_without_harm(text in proptest::collection::vec(any::<u8>(), 0..200)) {
        let prefixed = [b"--b\r\nContent-Disposition: form-data; name=a\r\n\r\n".to_vec(), text.clone()].concat();
        prop_assert!(parse(&text).is_err());
        let _ = parse(prefixed);
    }

    #[test]
    fn a_field_that_was_set_is_read_back(value in "[^b]{0,40}") {
        let json = serde_json::Value::from(value.clone()).to_string();
        let text = edited(FORM, |edit| edit.set("prompt", json.as_bytes()).unwrap());
        let form = parse(text).unwrap();
        prop_assert_eq!(values(&form).pop().unwrap(), ("prompt".to_owned(), value.into_bytes()));
    }
}
