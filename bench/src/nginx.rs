//! nginx in front of the same upstream: what a proxy costs that reads nothing of the bodies.

use std::fs;
use std::net::SocketAddr;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::{Directory, Server, free_address};

/// Starts nginx as a reverse proxy: one worker, connections kept alive on both sides, no log.
///
/// # Errors
/// It is not installed, or does not start.
pub fn start(upstream: SocketAddr) -> Result<Server> {
    let directory = Directory::new("nginx")?;
    let address = free_address()?;
    let root = directory.path().display();
    let config = format!(
        "worker_processes 1;\n\
         daemon off;\n\
         pid {root}/pid;\n\
         error_log stderr error;\n\
         events {{ worker_connections 4096; }}\n\
         http {{\n\
         \x20 access_log off;\n\
         \x20 client_body_temp_path {root}/body;\n\
         \x20 proxy_temp_path {root}/proxy;\n\
         \x20 fastcgi_temp_path {root}/fastcgi;\n\
         \x20 uwsgi_temp_path {root}/uwsgi;\n\
         \x20 scgi_temp_path {root}/scgi;\n\
         \x20 keepalive_requests 100000000;\n\
         \x20 upstream engine {{\n\
         \x20   server {upstream};\n\
         \x20   keepalive 256;\n\
         \x20   keepalive_requests 100000000;\n\
         \x20 }}\n\
         \x20 server {{\n\
         \x20   listen {address};\n\
         \x20   location / {{\n\
         \x20     proxy_pass http://engine;\n\
         \x20     proxy_http_version 1.1;\n\
         \x20     proxy_set_header Connection \"\";\n\
         \x20   }}\n\
         \x20 }}\n\
         }}\n"
    );
    let file = directory.path().join("nginx.conf");
    fs::write(&file, config)?;
    let mut command = Command::new("nginx");
    command.arg("-c").arg(&file).arg("-p").arg(directory.path());
    Server::start(command, address, directory)
}

/// The installed version; nginx is installed if it is missing and this is Debian or a relative.
///
/// # Errors
/// It is missing and cannot be installed.
pub fn ensure_installed() -> Result<String> {
    if let Ok(version) = version() {
        return Ok(version);
    }
    eprintln!("nginx is missing: installing Debian's nginx-light");
    for arguments in [&["update"][..], &["install", "--yes", "nginx-light"]] {
        let mut command = Command::new("apt-get");
        command
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(arguments);
        if !command.status().context("apt-get")?.success() {
            bail!(
                "apt-get {} failed; install nginx by hand",
                arguments.join(" ")
            );
        }
    }
    version()
}

fn version() -> Result<String> {
    let output = Command::new("nginx")
        .arg("-v")
        .output()
        .context("nginx -v")?;
    Ok(String::from_utf8_lossy(&output.stderr).trim().to_owned())
}
