//! `tisheng serve`

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tisheng_kernel::SystemClock;
use tisheng_platform::config::Config;
use tisheng_platform::web::serve::framed;
use tisheng_platform::{App, jobs};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;

use crate::say::say;
use crate::{Ended, assembly, reactions, routes};

/// How long the worker rests when nothing is due.
const REST: Duration = Duration::from_millis(300);

/// Serves until asked to stop, then lets requests in flight and the job in hand end.
pub async fn command(config: Config) -> Ended {
    logging("info");
    // By the machine's clock whatever lies in the folder: what is served in earnest is of today.
    let app = assembly::open_by(config, Arc::new(SystemClock)).await?;
    serve(app).await
}

/// Lines of JSON on standard error, filtered by `TISHENG_LOG`, or by `usual` without it.
pub fn logging(usual: &str) {
    let filter = EnvFilter::try_from_env("TISHENG_LOG").unwrap_or_else(|_| EnvFilter::new(usual));
    tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(std::io::stderr).init();
}

/// Serves `app`, printing its address once it is ready.
pub async fn serve(app: Arc<App>) -> Ended {
    let listener = TcpListener::bind(app.config.listen)
        .await
        .map_err(|e| format!("cannot listen on {}: {e}", app.config.listen))?;
    let address = listener.local_addr()?;
    let router = framed(routes::all(), Arc::clone(&app));
    let (stop, stopping) = watch::channel(false);
    jobs::take_up_again(&app).await?;
    let worker = tokio::spawn(jobs::run_until(Arc::clone(&app), reactions::handlers(), REST, stopping));
    say(&format!("listening on http://{address}"))?;
    let router = router.into_make_service_with_connect_info::<SocketAddr>();
    let ending = async move {
        asked_to_stop().await;
        stop.send_replace(true);
    };
    axum::serve(listener, router).with_graceful_shutdown(ending).await?;
    worker.await?;
    Ok(ExitCode::SUCCESS)
}

async fn asked_to_stop() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! {
                    _ = interrupt => {}
                    _ = terminate.recv() => {}
                }
            }
            Err(error) => tracing::error!(%error, "no signal handler"),
        }
    }
    #[cfg(not(unix))]
    if let Err(error) = interrupt.await {
        tracing::error!(%error, "no signal handler");
    }
}
