package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"termwise.dev/app"
)

// scrapeLimit bounds how long a scrape may ask the database what is due.
const scrapeLimit = 2 * time.Second

// metrics are what Prometheus reads. No label names an account: there are many,
// and who they are is not for whoever may read metrics.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	events   *prometheus.CounterVec
	runs     *prometheus.CounterVec
	runTime  prometheus.Histogram
	stuck    prometheus.Gauge
}

func newMetrics(work UseCases) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "termwise_http_requests_total", Help: "Requests by route and status.",
		}, []string{"route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "termwise_http_request_seconds", Help: "How long requests took, by route.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2.5, 11),
		}, []string{"route"}),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "termwise_usage_events_total", Help: "Usage events received, by outcome.",
		}, []string{"outcome"}),
		runs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "termwise_worker_runs_total", Help: "Runs of the worker, by result: done or failed.",
		}, []string{"result"}),
		runTime: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "termwise_worker_run_seconds", Help: "How long runs of the worker took.",
			Buckets: prometheus.ExponentialBuckets(0.001, 4, 10),
		}),
		stuck: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "termwise_worker_stuck_accounts", Help: "Accounts whose due work could not be decided in the last run.",
		}),
	}
	for _, outcome := range []app.Outcome{app.Accepted, app.Duplicate, app.Refused} {
		m.events.WithLabelValues(string(outcome))
	}
	m.registry.MustRegister(m.requests, m.seconds, m.events, m.runs, m.runTime, m.stuck, &dueCollector{work: work})
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

func (m *metrics) observeRequest(route string, status int, took time.Duration) {
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
	m.seconds.WithLabelValues(route).Observe(took.Seconds())
}

func (m *metrics) observeReceipts(receipts []app.Receipt) {
	for i := range receipts {
		m.events.WithLabelValues(string(receipts[i].Outcome)).Inc()
	}
}

func (m *metrics) observeWork(run app.Worked) {
	result := "done"
	if run.Err != nil {
		result = "failed"
	}
	m.runs.WithLabelValues(result).Inc()
	m.runTime.Observe(run.Took.Seconds())
	m.stuck.Set(float64(len(run.Stuck)))
}

// dueCollector asks, at each scrape, what waits for the worker. It must not
// come from the worker: a worker that is down does not say so.
type dueCollector struct{ work UseCases }

var (
	dueAccounts = prometheus.NewDesc("termwise_due_accounts", "Accounts for which something has fallen due and not been done.", nil, nil)
	dueBehind   = prometheus.NewDesc("termwise_due_behind_seconds", "How long ago the oldest undone thing fell due.", nil, nil)
)

// Describe names what Collect sends.
func (c *dueCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- dueAccounts
	ch <- dueBehind
}

// Collect sends what waits now.
func (c *dueCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeLimit)
	defer cancel()
	due, err := c.work.Due(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(dueAccounts, err)
		return
	}
	ch <- prometheus.MustNewConstMetric(dueAccounts, prometheus.GaugeValue, float64(due.Accounts))
	ch <- prometheus.MustNewConstMetric(dueBehind, prometheus.GaugeValue, due.Behind.Seconds())
}
