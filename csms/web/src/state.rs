//! What every handler has.

use std::ops::Deref;
use std::sync::Arc;

use app::App;
use app::admin::Admin;
use metrics_exporter_prometheus::PrometheusHandle;

/// How the web is served.
#[derive(Clone, Debug)]
pub struct WebOptions {
    /// What `/metrics` shows.
    pub metrics: PrometheusHandle,
}

impl WebOptions {
    /// With the recorder's handle.
    #[must_use]
    pub const fn new(metrics: PrometheusHandle) -> Self {
        Self { metrics }
    }
}

/// The use cases, shared by all requests.
#[derive(Clone)]
pub(crate) struct Api {
    inner: Arc<Inner>,
}

struct Inner {
    admin: Admin,
    options: WebOptions,
}

impl Api {
    pub(crate) fn new(app: Arc<App>, options: WebOptions) -> Self {
        Self {
            inner: Arc::new(Inner {
                admin: Admin::new(app),
                options,
            }),
        }
    }

    pub(crate) fn metrics(&self) -> String {
        self.inner.options.metrics.render()
    }
}

impl Deref for Api {
    type Target = Admin;
    fn deref(&self) -> &Admin {
        &self.inner.admin
    }
}
