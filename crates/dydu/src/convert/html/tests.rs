use proptest::prelude::*;

use super::*;

fn check(text: &str, expected: &[(&str, &[&str])]) {
    let bubbles = bubbles(text);
    let found: Vec<(&str, Vec<&str>)> = bubbles
        .iter()
        .map(|bubble| {
            let labels = bubble.rewords.iter().map(|r| r.label.as_str()).collect();
            (bubble.html.as_str(), labels)
        })
        .collect();
    let expected: Vec<(&str, Vec<&str>)> = expected
        .iter()
        .map(|(html, labels)| (*html, labels.to_vec()))
        .collect();
    assert_eq!(found, expected, "{text}");
}

const A: &str = "<a href=\"#\" onclick=\"reword('a',{type:'reword_auto'});\">A</a>";
const B: &str = "<a class='x' onclick='rewordtest(\"b\",{})'><b>B</b></a>";

#[test]
fn splits_and_takes_anchors_out() {
    check("", &[]);
    check("  <hr/> ", &[]);
    check("plain", &[("plain", &[])]);
    check(
        "one<hr class=\"split\">two<HR>",
        &[("one", &[]), ("two", &[])],
    );
    check(&format!("Did you mean: {A}"), &[("Did you mean:", &["A"])]);
    check(
        &format!("Pick:<ul><li>{A}</li><li>{B}</li></ul>"),
        &[("Pick:", &["A", "B"])],
    );
    check(
        &format!("<p>Pick: {A} | {B}</p>"),
        &[("<p>Pick: </p>", &["A", "B"])],
    );
    check(&format!("Pick<br>{A}<br>{B}<br>"), &[("Pick", &["A", "B"])]);
    check(
        &format!("Do {A} or {B} now"),
        &[("Do A or B now", &["A", "B"])],
    );
    check(&format!("{A}<hr>x"), &[("", &["A"]), ("x", &[])]);
    check("&lt;i&gt;x&lt;/i&gt; é", &[("<i>x</i> é", &[])]);
    check(
        "<a href=\"https://x.example\" onclick=\"reword('https://x.example',\
         {type:'redirection_newpage'})\">x</a>",
        &[(
            "<a href=\"https://x.example\" onclick=\"reword('https://x.example',\
             {type:'redirection_newpage'})\">x</a>",
            &[],
        )],
    );
}

#[test]
fn a_picture_alone_is_a_picture() {
    let image = |text: &str| bubbles(text).remove(0).image;
    assert_eq!(
        image("<p><img src=\"https://x.example/a?b=1&amp;c=2\" alt=\"A\"></p>"),
        Some(Media::new("https://x.example/a?b=1&c=2", Some("A".into())))
    );
    let linked = image("<a href=\"https://y.example\" target=\"_blank\"><img src=\"i\"></a>");
    assert_eq!(linked.unwrap().link.as_deref(), Some("https://y.example"));
    assert_eq!(image("<img src=\"i\"> and words"), None);
}

#[test]
fn protects_what_would_become_markup() {
    for (html, shown) in [
        ("a &lt;b&gt; &amp; c", "a &amp;lt;b&amp;gt; &amp; c"),
        ("it&#39;s &quot;x&quot;", "it's \"x\""),
        (
            "<a title=\"&quot;\">&amp;lt;</a>",
            "<a title=\"&amp;quot;\">&amp;amp;lt;</a>",
        ),
        ("a & b", "a & b"),
    ] {
        assert_eq!(protect(html), shown);
    }
}

proptest! {
    #[test]
    fn words_survive_the_extra_decoding(words in "[^\\p{C}]*") {
        let html = escape_html(&words).into_owned();
        let decoded = unescape_entities(&protect(&html)).into_owned();
        // What the browser then shows is what was meant.
        let text: String = items_of(&protect(&html))
            .into_iter()
            .map(|item| match item {
                Item::Text(html) => unescape_entities(&html).into_owned(),
                other => panic!("markup: {other:?} in {decoded}"),
            })
            .collect();
        prop_assert_eq!(text, words);
    }

    #[test]
    fn nothing_panics(text in ".*", tail in "[<>&a-z='\"/ ]*") {
        let _ = bubbles(&format!("{text}<a onclick=\"reword('x',{{}})\">{tail}"));
        let _ = button(&tail);
        let _ = protect(&tail);
    }
}
