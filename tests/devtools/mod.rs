//! A Chromium that is driven over a pipe (the Chrome DevTools Protocol): windows as narrow as a phone's, both themes, a real
//! pointer, paper. `--window-size` alone is never below 500.

pub mod pages;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// A hang guard, nothing that is measured.
const PATIENCE: Duration = Duration::from_secs(120);

/// A screen.
#[derive(Clone, Copy)]
pub struct Screen {
    pub width: u32,
    pub height: u32,
    pub dark: bool,
}

/// A browser with one tab, and all that happened in it.
pub struct Browser {
    process: Child,
    commands: File,
    answers: Receiver<Value>,
    folder: tempfile::TempDir,
    session: Option<String>,
    sent: u64,
    events: Vec<Value>,
}

impl Browser {
    /// Starts it. Commands go in at file 3, answers come out at file 4, each ended by a zero byte.
    pub fn open(program: &OsString) -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let [into, from] = ["in", "out"].map(|name| folder.path().join(name));
        let made = Command::new("mkfifo").args([&into, &from]).status();
        assert!(made.is_ok_and(|status| status.success()), "mkfifo");
        let profile = folder.path().join("profile");
        let process = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<\"$FROM_TEST\" 4>\"$TO_TEST\""])
            .arg(program)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--hide-scrollbars",
            ])
            .args([
                "--no-first-run",
                "--disable-background-networking",
                "--disable-sync",
            ])
            .args(["--disable-component-update", "--remote-debugging-pipe"])
            .arg(format!("--user-data-dir={}", profile.display()))
            .env("FROM_TEST", &into)
            .env("TO_TEST", &from)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromium");
        let commands = File::options().write(true).open(&into).expect("pipe");
        let answers = BufReader::new(File::open(&from).expect("pipe"));
        let (sender, receiver) = channel();
        std::thread::spawn(move || {
            for answer in answers.split(0).map_while(Result::ok) {
                let value = serde_json::from_slice(&answer).expect("JSON");
                if sender.send(value).is_err() {
                    return;
                }
            }
        });
        let mut browser = Self {
            process,
            commands,
            answers: receiver,
            folder,
            session: None,
            sent: 0,
            events: Vec::new(),
        };
        let tab = browser.call("Target.createTarget", json!({"url": "about:blank"}));
        let attach = json!({"targetId": tab["targetId"], "flatten": true});
        let session = browser.call("Target.attachToTarget", attach);
        browser.session = session["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        let own_time = json!({"timeDomain": "threadTicks"});
        browser.call("Performance.enable", own_time);
        browser
    }

    /// Sends a command and gives its result.
    pub fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.sent += 1;
        let mut command = json!({"id": self.sent, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            command["sessionId"] = session.as_str().into();
        }
        let text = command.to_string() + "\0";
        self.commands.write_all(text.as_bytes()).expect("pipe");
        loop {
            let answer = self.answers.recv_timeout(PATIENCE).expect("an answer");
            if answer["id"] == self.sent {
                assert!(answer["error"].is_null(), "{method}: {answer}");
                return answer["result"].clone();
            }
            self.events.push(answer);
        }
    }

    /// Opens a page on a screen, and waits until it is drawn.
    pub fn show(&mut self, html: &str, screen: Screen) {
        let page = self.folder.path().join("report.html");
        std::fs::write(&page, html).expect("page");
        let theme = if screen.dark { "dark" } else { "light" };
        let theme = json!({"features": [{"name": "prefers-color-scheme", "value": theme}]});
        self.call("Emulation.setEmulatedMedia", theme);
        let size = json!({"width": screen.width, "height": screen.height, "deviceScaleFactor": 1, "mobile": screen.width < 600});
        self.call("Emulation.setDeviceMetricsOverride", size);
        self.events.clear();
        self.call(
            "Page.navigate",
            json!({"url": format!("file://{}", page.display())}),
        );
        let is_loaded = |event: &Value| event["method"] == "Page.loadEventFired";
        while !self.events.iter().any(is_loaded) {
            let event = self.answers.recv_timeout(PATIENCE).expect("a loaded page");
            self.events.push(event);
        }
        // uPlot draws in a microtask, observers of sizes before the next frame.
        self.js("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100)))");
    }

    /// The value of an expression in the page.
    pub fn js(&mut self, expression: &str) -> Value {
        let how = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let answer = self.call("Runtime.evaluate", how);
        assert!(
            answer["exceptionDetails"].is_null(),
            "{expression}: {answer}"
        );
        answer["result"]["value"].clone()
    }

    /// A pointer's deed at a place of the window: `mouseMoved`, `mousePressed`, `mouseReleased`.
    pub fn pointer(&mut self, kind: &str, [x, y]: [f64; 2], clicks: u32) {
        let button = if kind == "mouseMoved" { "none" } else { "left" };
        let deed = json!({"type": kind, "x": x, "y": y, "button": button, "clickCount": clicks});
        self.call("Input.dispatchMouseEvent", deed);
    }

    /// Writes a picture of a part of the page: left, top, width, height.
    pub fn picture(&mut self, part: &Value, to: &Path) {
        let clip =
            json!({"x": part[0], "y": part[1], "width": part[2], "height": part[3], "scale": 1});
        let how = json!({"clip": clip, "captureBeyondViewport": true});
        let answer = self.call("Page.captureScreenshot", how);
        std::fs::write(to, decoded(&answer)).expect("picture");
    }

    /// The page on paper, as a PDF.
    pub fn paper(&mut self) -> Vec<u8> {
        let answer = self.call("Page.printToPDF", json!({}));
        decoded(&answer)
    }

    /// Seconds that the page's own thread worked since its start, whatever else the machine did.
    pub fn worked(&mut self) -> f64 {
        let metrics = self.call("Performance.getMetrics", json!({}));
        let metrics = metrics["metrics"].as_array().expect("metrics");
        let task = metrics.iter().find(|it| it["name"] == "TaskDuration");
        task.and_then(|it| it["value"].as_f64()).expect("a time")
    }

    /// Errors, lines of the console, and requests of the network since the page was opened.
    pub fn complaints(&self) -> Vec<String> {
        let is_one = |event: &&Value| match event["method"].as_str() {
            Some("Runtime.exceptionThrown" | "Runtime.consoleAPICalled" | "Log.entryAdded") => true,
            Some("Network.requestWillBeSent") => {
                let url = event["params"]["request"]["url"].as_str();
                url.is_some_and(|url| !url.starts_with("file:") && !url.starts_with("data:"))
            }
            _ => false,
        };
        let events = self.events.iter().filter(is_one);
        events.map(ToString::to_string).collect()
    }
}

fn decoded(answer: &Value) -> Vec<u8> {
    let data = answer["data"].as_str().expect("data");
    BASE64.decode(data).expect("base64")
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
