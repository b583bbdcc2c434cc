//! The page in a real Chromium: it opens without an error, draws, reacts, and asks the network for nothing.
//!
//! Uses `ABLATE_TEST_CHROMIUM`, else `chromium` or `chromium-browser` on the PATH. Without one the tests say that they
//! skip, and fail where `CI` is set. `ABLATE_TEST_PAGES=DIR` keeps the pages there to be looked at; pictures of them are left in
//! `target/report-screenshots`.

mod common;
mod devtools;
mod report_fake;

use ablate::report::evidence::Evidence;
use ablate::report::{Format, files};
use common::skip;
use report_fake::{Fake, everything, grid, hostile, skip_or_not};
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};

/// Uses every control and writes into the title what each one did.
const CONTROLS: &str = include_str!("report_fake/controls.js");

fn chromium() -> Option<OsString> {
    let named = std::env::var_os("ABLATE_TEST_CHROMIUM");
    let candidates = named
        .into_iter()
        .chain(["chromium".into(), "chromium-browser".into()]);
    let found = candidates.into_iter().find(|program| {
        let version = Command::new(program).arg("--version").output();
        version.is_ok_and(|output| output.status.success())
    });
    if found.is_none() {
        skip(
            "the report in a browser",
            "no Chromium (install one or set ABLATE_TEST_CHROMIUM)",
        );
    }
    found
}

/// What a browser made of a page.
struct Visit {
    /// The document after its scripts ran.
    dom: String,
    /// Lines of the console.
    console: Vec<String>,
    /// First lines of what was asked of the network.
    requests: Vec<String>,
}

/// Opens the page in a fresh profile, with a proxy that refuses and writes down every request.
fn visit(program: &OsString, html: &str) -> Visit {
    let folder = tempfile::tempdir().expect("folder");
    let page = folder.path().join("report.html");
    std::fs::write(&page, html).expect("page");
    let proxy = TcpListener::bind("127.0.0.1:0").expect("proxy");
    let address = proxy.local_addr().expect("address");
    let requests = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&requests);
    std::thread::spawn(move || {
        for stream in proxy.incoming().flatten() {
            let mut line = String::new();
            let _ = BufReader::new(&stream).read_line(&mut line);
            seen.lock().expect("requests").push(line);
            let _ = (&stream).write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
        }
    });
    let output = Command::new(program)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
        ])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ])
        .args([
            "--enable-logging=stderr",
            "--v=0",
            "--virtual-time-budget=4000",
        ])
        .arg(format!(
            "--user-data-dir={}",
            folder.path().join("profile").display()
        ))
        .arg(format!("--proxy-server=http://{address}"))
        .arg("--proxy-bypass-list=<-loopback>")
        .arg("--window-size=1200,900")
        .arg("--dump-dom")
        .arg(format!("file://{}", page.display()))
        .output()
        .expect("chromium");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    // Chromium itself may look for updates of its parts, or connect and say nothing before it ends; that is not the page:
    // its virtual time stands still while a request of the page is under way.
    let of_page =
        |line: &String| !line.is_empty() && !line.contains("google") && !line.contains("gvt1.com");
    let requests = requests
        .lock()
        .expect("requests")
        .iter()
        .filter(|line| of_page(line))
        .cloned()
        .collect();
    Visit {
        dom: String::from_utf8_lossy(&output.stdout).into_owned(),
        console: log
            .lines()
            .filter(|line| line.contains(":CONSOLE"))
            .map(str::to_owned)
            .collect(),
        requests,
    }
}

fn page(fake: &Fake) -> String {
    let evidence = Evidence::new(&fake.record, fake.details.clone());
    let page = files(&evidence, &[Format::Html]).expect("a page").remove(0);
    let html = String::from_utf8(page.bytes).expect("text");
    if let Some(folder) = std::env::var_os("ABLATE_TEST_PAGES") {
        let plain = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
        let name: String = fake.record.name.chars().filter(plain).collect();
        let path = PathBuf::from(folder).join(format!("{name}.html"));
        std::fs::write(path, &html).expect("page to look at");
    }
    html
}

/// The page with a script of the test at its end, for which the content policy is opened.
fn with_script(fake: &Fake, script: &str) -> String {
    let html = page(fake);
    let (start, rest) = html.split_once("script-src ").expect("policy");
    let (_, end) = rest.split_once(';').expect("policy");
    let html = format!("{start}script-src 'unsafe-inline';{end}");
    html.replace("</body>", &format!("<script>{script}</script></body>"))
}

#[test]
fn the_page_draws_without_an_error_and_without_the_network() {
    let Some(program) = chromium() else { return };
    for fake in [skip_or_not(), grid(), everything()] {
        let visit = visit(&program, &page(&fake));
        assert_eq!(visit.console, [""; 0]);
        assert_eq!(visit.requests, [""; 0]);
        assert!(visit.dom.contains("<canvas"), "the chart is drawn");
        assert!(
            visit.dom.contains("after epoch 20"),
            "the legend tells the last epoch"
        );
    }
}

#[test]
fn hostile_names_do_nothing_in_a_browser() {
    let Some(program) = chromium() else { return };
    let visit = visit(&program, &page(&hostile()));
    assert_eq!(visit.console, [""; 0]);
    assert_eq!(visit.requests, [""; 0]);
    // The name stands where it was meant to, as text: once it is in the heading of the page.
    assert!(visit.dom.contains("&lt;/script&gt;&lt;script&gt;alert(1)"));
    assert!(
        visit.dom.contains("216 trials") || visit.dom.contains("4 trials"),
        "the table is drawn"
    );
}

#[test]
fn errors_and_requests_of_a_page_would_be_seen() {
    let Some(program) = chromium() else { return };
    let bad = "<img src=\"http://canary.test/x.png\"><script>throw new Error('canary')</script>";
    let visit = visit(&program, bad);
    assert!(
        visit.console.iter().any(|line| line.contains("canary")),
        "{:?}",
        visit.console
    );
    assert!(
        visit
            .requests
            .iter()
            .any(|line| line.contains("canary.test")),
        "{:?}",
        visit.requests
    );
}

#[test]
fn a_script_that_is_not_the_reports_own_does_not_run() {
    let Some(program) = chromium() else { return };
    let html = page(&skip_or_not());
    let html = html.replace(
        "</body>",
        "<script>document.title = 'canary ran'</script></body>",
    );
    let visit = visit(&program, &html);
    assert!(!visit.dom.contains("<title>canary ran"));
    assert!(
        visit
            .console
            .iter()
            .any(|line| line.contains("Content Security Policy")),
        "{:?}",
        visit.console
    );
}

#[test]
fn every_control_does_what_it_says() {
    let Some(program) = chromium() else { return };
    let visit = visit(&program, &with_script(&everything(), CONTROLS));
    let (_, title) = visit.dom.split_once("<title>").expect("title");
    let title = title.split_once("</title>").expect("title").0;
    assert_eq!(visit.console, [""; 0]);
    let acts = [
        "seeds",
        "band",
        "log",
        "arm",
        "metric",
        "zoom",
        "whole",
        "hidden",
        "shown",
        "key",
        "interaction-choice",
        "interaction-log",
        "interaction-line",
        "interaction-key",
        "pareto-choice",
        "pareto-log",
        "pareto-key",
        "pareto-hover",
        "picture",
        "picture-arm",
        "use-choice",
        "use-log",
        "use-line",
        "use-key",
        "tenth-log",
        "tenth-line",
        "tenth-key",
        "use-picture",
        "sorted",
        "reversed",
        "paged",
        "more",
        "filtered",
        "column",
        "number",
        "quoted",
        "columns",
    ];
    let expected: Vec<String> = acts.iter().map(|act| format!("{act}=true")).collect();
    assert_eq!(title, format!("SEEN {}", expected.join(" ")));
}
