// Package telemetry holds what the server tells about itself: metrics for /metrics, and its logs. Neither ever carries a token, a name or a
// telephone number.
package telemetry

import (
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Telemetry is one server's metrics and logs. Its methods are safe for concurrent use and cost well under a microsecond.
type Telemetry struct {
	// Log is the ordinary log; Security gets every refusal and every change of accounts.
	Log, Security *slog.Logger

	registry      *prometheus.Registry
	appendSeconds prometheus.Histogram
	appendEvents  prometheus.Histogram
	batchCommands prometheus.Histogram
	queueDepth    *prometheus.GaugeVec
	commands      *prometheus.CounterVec
	rejections    *prometheus.CounterVec
	discrepancies *prometheus.CounterVec
	refusals      *prometheus.CounterVec
	requests      *prometheus.HistogramVec
	inFlight      prometheus.Gauge
}

// New makes the metrics of one server. A nil logger logs nothing.
func New(log *slog.Logger, version string) *Telemetry {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	t := &Telemetry{
		Log: log, Security: log.With("log", "security"), registry: prometheus.NewRegistry(),
		appendSeconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "jejak_append_duration_seconds", Help: "Time of one durable append to the event store.",
			Buckets: prometheus.ExponentialBuckets(0.0001, 2, 16),
		}),
		appendEvents: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "jejak_append_events", Help: "Events in one append.", Buckets: prometheus.ExponentialBuckets(1, 2, 14),
		}),
		batchCommands: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "jejak_batch_commands", Help: "Commands that a ledger's writer decided together.", Buckets: prometheus.ExponentialBuckets(1, 2, 12),
		}),
		queueDepth: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "jejak_ledger_queue_depth", Help: "Commands that wait for a ledger's writer.",
		}, []string{"unit"}),
		commands: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "jejak_commands_total", Help: "Commands answered, by result.",
		}, []string{"result"}),
		rejections: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "jejak_rejections_total", Help: "Commands rejected or in error, by the rule that says so (a command may break several).",
		}, []string{"rule"}),
		discrepancies: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "jejak_discrepancies_total", Help: "Discrepancies that commands raised, revised or reopened, by kind.",
		}, []string{"kind"}),
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "jejak_refusals_total", Help: "Requests refused for who sent them, by reason.",
		}, []string{"reason"}),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "jejak_http_request_duration_seconds", Help: "Time of HTTP requests, by route, method and status.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 16),
		}, []string{"route", "method", "status"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{Name: "jejak_http_requests_in_flight", Help: "HTTP requests being served."}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "jejak_build_info", Help: "Always 1; the label is the version.", ConstLabels: prometheus.Labels{"version": version},
	})
	build.Set(1)
	t.registry.MustRegister(t.appendSeconds, t.appendEvents, t.batchCommands, t.queueDepth, t.commands, t.rejections, t.discrepancies, t.refusals,
		t.requests, t.inFlight, build, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return t
}

// Handler serves /metrics.
func (t *Telemetry) Handler() http.Handler {
	return promhttp.HandlerFor(t.registry, promhttp.HandlerOpts{Registry: t.registry})
}

// Registry is where other parts register metrics of their own.
func (t *Telemetry) Registry() prometheus.Registerer { return t.registry }

// Appended notes one append that is durable.
func (t *Telemetry) Appended(took time.Duration, events int) {
	t.appendSeconds.Observe(took.Seconds())
	t.appendEvents.Observe(float64(events))
}

// Batch notes how many commands a writer decided together.
func (t *Telemetry) Batch(commands int) { t.batchCommands.Observe(float64(commands)) }

// QueueDepth notes how many commands wait for the ledger of a unit.
func (t *Telemetry) QueueDepth(unit string, waiting int) {
	t.queueDepth.WithLabelValues(unit).Set(float64(waiting))
}

// Answered notes the result of a command, the rules it broke and the kinds of discrepancy it raised.
func (t *Telemetry) Answered(result string, rules, kinds []string) {
	t.commands.WithLabelValues(result).Inc()
	for _, r := range rules {
		t.rejections.WithLabelValues(r).Inc()
	}
	for _, k := range kinds {
		t.discrepancies.WithLabelValues(k).Inc()
	}
}

// Refused notes a request that was refused for who sent it.
func (t *Telemetry) Refused(reason string) { t.refusals.WithLabelValues(reason).Inc() }

// Began counts a request in; the function it returns counts it out. route is the pattern, never the path: ids would make a metric each.
func (t *Telemetry) Began(method string) (ended func(route string, status int)) {
	t.inFlight.Inc()
	start := time.Now()
	return func(route string, status int) {
		t.inFlight.Dec()
		t.requests.WithLabelValues(route, method, strconv.Itoa(status)).Observe(time.Since(start).Seconds())
	}
}
