//! Binding an address, and saying why it cannot be bound.

use std::io::ErrorKind;

use tokio::net::TcpListener;

use crate::errors::Complaint;

/// Binds `HOST:PORT`, or a port of this machine's loopback.
pub(crate) async fn listen(address: &str) -> anyhow::Result<TcpListener> {
    let whole = match address.parse::<u16>() {
        Ok(port) => format!("127.0.0.1:{port}"),
        Err(_) => address.to_owned(),
    };
    let (_, port) = whole.rsplit_once(':').ok_or_else(|| no_address(address))?;
    if port.parse::<u16>().is_err() {
        return Err(no_address(address).into());
    }
    match TcpListener::bind(&whole).await {
        Ok(listener) => Ok(listener),
        Err(error) => Err(refused(&whole, port, &error).into()),
    }
}

fn no_address(address: &str) -> Complaint {
    Complaint::usage(format!("`{address}` is no address to listen at"))
        .fix("give a host and a port, such as 127.0.0.1:3000; port 0 is any free one")
}

fn refused(address: &str, port: &str, error: &std::io::Error) -> Complaint {
    match error.kind() {
        ErrorKind::AddrInUse => Complaint::failure(format!(
            "port {port} is in use: another program listens at {address}"
        ))
        .fix("stop that program, or choose another port with --listen; port 0 is any free one"),
        ErrorKind::PermissionDenied => {
            Complaint::failure(format!("port {port} may not be used by this user"))
                .fix("choose a port above 1023 with --listen")
        }
        ErrorKind::AddrNotAvailable => {
            Complaint::failure(format!("{address} is not an address of this machine"))
                .fix("listen at 127.0.0.1, or at an address of this machine")
        }
        _ => Complaint::failure(format!("nothing can listen at {address}: {error}")),
    }
}
