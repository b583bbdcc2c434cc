//! A web server on this machine that answers as a test wants, well or badly.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// What to send for a path; 404 for paths without an answer.
#[derive(Clone)]
pub enum Answer {
    /// The whole content.
    Whole(Vec<u8>),
    /// The length of the whole, but only this many bytes of it; then the connection closes.
    Cut(Vec<u8>, usize),
    /// Content without a length, its end told by closing the connection.
    Unannounced(Vec<u8>),
}

/// Runs until the test process ends: one short thread for each request.
pub struct Server {
    address: SocketAddr,
    requests: Arc<AtomicUsize>,
    answers: Arc<Mutex<HashMap<String, Answer>>>,
}

impl Server {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let server = Self {
            address: listener.local_addr().expect("an address"),
            requests: Arc::default(),
            answers: Arc::default(),
        };
        let (requests, answers) = (server.requests.clone(), server.answers.clone());
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                requests.fetch_add(1, Ordering::SeqCst);
                // A client may hang up on a bad answer; that is its right.
                let _ = serve(connection, &answers);
            }
        });
        server
    }

    pub fn with(self, name: &str, answer: Answer) -> Self {
        let path = format!("/mnist/{name}");
        self.answers
            .lock()
            .expect("no panic in the server")
            .insert(path, answer);
        self
    }

    /// The mirror's address, as a user would name it.
    pub fn mirror(&self) -> String {
        format!("http://{}/mnist/", self.address)
    }

    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

fn serve(
    mut connection: TcpStream,
    answers: &Mutex<HashMap<String, Answer>>,
) -> std::io::Result<()> {
    let mut lines = BufReader::new(connection.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    while lines
        .next()
        .transpose()?
        .is_some_and(|line| !line.is_empty())
    {}
    let path = request.split(' ').nth(1).unwrap_or_default();
    let answer = answers
        .lock()
        .expect("no panic in the server")
        .get(path)
        .cloned();
    let close = "Connection: close\r\n";
    match answer {
        None => write!(
            connection,
            "HTTP/1.1 404 Not Found\r\n{close}Content-Length: 0\r\n\r\n"
        ),
        Some(Answer::Whole(content)) => send(&mut connection, &content, content.len()),
        Some(Answer::Cut(content, at)) => send(&mut connection, &content, at),
        Some(Answer::Unannounced(content)) => {
            write!(connection, "HTTP/1.1 200 OK\r\n{close}\r\n")?;
            connection.write_all(&content)
        }
    }
}

fn send(connection: &mut TcpStream, content: &[u8], at: usize) -> std::io::Result<()> {
    let length = content.len();
    write!(
        connection,
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
    )?;
    connection.write_all(&content[..at])
}
