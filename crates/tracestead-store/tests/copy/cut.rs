//! The way to a server is cut in the middle of anything, as when it is killed.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tracestead_store::{Copier, DatabaseUrl};

use crate::place::{Engine, Place};
use crate::ring::same_rows;
use crate::source::{check_rollups, copier, everything, fill, finish, verify};

/// A way to a server that ends each connection after so many bytes to it.
struct Way {
    port: u16,
    bytes: Arc<AtomicUsize>,
    cuts: Arc<AtomicUsize>,
}

impl Way {
    fn to(place: &Place) -> Self {
        let server = place.url.server().unwrap();
        let to = (server.host.clone(), server.port);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let bytes = Arc::new(AtomicUsize::new(usize::MAX));
        let cuts = Arc::new(AtomicUsize::new(0));
        let (of_all, counted) = (Arc::clone(&bytes), Arc::clone(&cuts));
        thread::spawn(move || {
            for client in listener.incoming() {
                let (Ok(client), Ok(server)) = (client, TcpStream::connect(&to)) else { return };
                let back = (server.try_clone().unwrap(), client.try_clone().unwrap());
                thread::spawn(move || pass(back.0, back.1, usize::MAX));
                let (most, counted) = (of_all.load(Ordering::Relaxed), Arc::clone(&counted));
                thread::spawn(move || {
                    if pass(client, server, most) {
                        counted.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        });
        Self { port, bytes, cuts }
    }

    fn url(&self, place: &Place) -> DatabaseUrl {
        let mut url = place.url.clone();
        if let DatabaseUrl::Postgres(server) | DatabaseUrl::MySql(server) | DatabaseUrl::ClickHouse(server) =
            &mut url
        {
            "127.0.0.1".clone_into(&mut server.host);
            server.port = self.port;
        }
        url
    }
}

/// Passes on at most so many bytes, then ends both connections; says whether there were more.
fn pass(mut from: TcpStream, mut to: TcpStream, mut most: usize) -> bool {
    let mut buffer = vec![0; 16 << 10];
    let is_cut = loop {
        match from.read(&mut buffer) {
            Ok(0) | Err(_) => break false,
            Ok(length) => {
                let part = length.min(most);
                if to.write_all(&buffer[..part]).is_err() {
                    break false;
                }
                if part < length {
                    break true;
                }
                most -= part;
            }
        }
    };
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    is_cut
}

pub(crate) fn cut(engine: Engine) {
    let (from, to) = (Place::new(Engine::Sqlite), Place::new(engine));
    fill(&from, &everything());
    let way = Way::to(&to);
    let mut options = to.options();
    options.url = way.url(&to);
    let mut failed = 0;
    // Ever more gets through before it is cut.
    for bytes in (1..).map(|step| 3_001 * step * step) {
        way.bytes.store(bytes, Ordering::Relaxed);
        let Ok(copier) = Copier::open(&from.options(), &options) else { continue };
        let mut copier = copier.with_pages_of(120, 1 << 20);
        // A connection that is lost is made again, once: what was begun may have been done.
        let ended = loop {
            match copier.step() {
                Ok(true) => {}
                Ok(false) => break true,
                Err(_) => break false,
            }
        };
        failed += usize::from(!ended);
        if ended {
            break;
        }
    }
    let cuts = way.cuts.load(Ordering::Relaxed);
    assert!(failed > 2 && cuts > 10, "{failed} copies failed, {cuts} connections were cut");
    finish(copier(&from, &to));
    let verified = verify(&from, &to);
    assert_eq!((verified.differences, verified.older, verified.more), (0, 0, 0), "{:?}", verified.first);
    check_rollups(&to);
    // What came back is what was there.
    let back = Place::new(Engine::Sqlite);
    finish(copier(&to, &back));
    same_rows(&from, &back, false);
}

#[test]
fn a_copy_to_postgres_survives_cuts() {
    cut(Engine::Postgres);
}

#[test]
fn a_copy_to_mysql_survives_cuts() {
    cut(Engine::MySql);
}

#[test]
fn a_copy_to_clickhouse_survives_cuts() {
    cut(Engine::ClickHouse);
}
