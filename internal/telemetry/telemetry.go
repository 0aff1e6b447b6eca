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

	"jejak/domain"
	"jejak/eventstore"
)

// Telemetry is one server's metrics and logs; it is the command.Metrics of the ledgers. Its methods are safe for concurrent use and cost well under a microsecond.
type Telemetry struct {
	// Log is the ordinary log; Security gets every refusal and every change of accounts.
	Log, Security *slog.Logger

	registry      *prometheus.Registry
	appendSeconds prometheus.Histogram
	appendEvents  prometheus.Histogram
	batchCommands prometheus.Histogram
	appendBytes   prometheus.Histogram
	commands      *prometheus.HistogramVec
	retries       *prometheus.CounterVec
	notKept       prometheus.Counter
	loads         *prometheus.HistogramVec
	loadedEvents  prometheus.Counter
	rejections    *prometheus.CounterVec
	discrepancies *prometheus.CounterVec
	policySent    *prometheus.CounterVec
	policyFailed  *prometheus.CounterVec
	views         viewMetrics
	feed          feedMetrics
	notary        notaryMetrics
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
		appendBytes: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "jejak_append_bytes", Help: "Bytes (data and metadata) in one append.", Buckets: prometheus.ExponentialBuckets(256, 4, 8),
		}),
		commands: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "jejak_command_duration_seconds", Help: "Time from taking a command to its answer, by result.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 16),
		}, []string{"result"}),
		retries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "jejak_batches_retried_total", Help: "Batches decided again or appends repeated, by reason.",
		}, []string{"reason"}),
		notKept: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "jejak_attempts_not_kept_total", Help: "Rejected commands over the day's cap of a device or person: counted only.",
		}),
		loads: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "jejak_ledger_load_duration_seconds", Help: "Time to load a ledger, with or without a snapshot.",
			Buckets: prometheus.ExponentialBuckets(0.001, 4, 8),
		}, []string{"snapshot"}),
		loadedEvents: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "jejak_ledger_load_events_total", Help: "Events folded to load ledgers.",
		}),
		rejections: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "jejak_rejections_total", Help: "Commands rejected or in error, by the rule that says so (a command may break several).",
		}, []string{"rule"}),
		discrepancies: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "jejak_discrepancies_total", Help: "Discrepancies that commands raised, revised or reopened, by kind.",
		}, []string{"kind"}),
		policySent: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "jejak_policy_commands_total", Help: "Commands that the policies sent from unit to unit, by policy and result.",
		}, []string{"policy", "result"}),
		policyFailed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "jejak_policy_failures_total", Help: "Times that a policy stood still to try again.",
		}, []string{"policy"}),
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
	t.registry.MustRegister(t.appendSeconds, t.appendEvents, t.batchCommands, t.appendBytes, t.commands, t.retries,
		t.notKept, t.loads, t.loadedEvents, t.rejections, t.discrepancies, t.policySent, t.policyFailed, t.refusals,
		t.requests, t.inFlight, build, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	t.views = newViewMetrics(t.registry)
	t.feed = newFeedMetrics(t.registry)
	t.notary = newNotaryMetrics(t.registry)
	return t
}

// Handler serves /metrics.
func (t *Telemetry) Handler() http.Handler {
	return promhttp.HandlerFor(t.registry, promhttp.HandlerOpts{Registry: t.registry})
}

// Registry is where other parts register metrics of their own.
func (t *Telemetry) Registry() prometheus.Registerer { return t.registry }

// Appended: a batch of a ledger is durable.
func (t *Telemetry) Appended(commands, events, bytes int, took time.Duration) {
	t.appendSeconds.Observe(took.Seconds())
	t.appendEvents.Observe(float64(events))
	t.appendBytes.Observe(float64(bytes))
	t.batchCommands.Observe(float64(commands))
}

// Answered: a command has its answer.
func (t *Telemetry) Answered(result string, took time.Duration) {
	t.commands.WithLabelValues(result).Observe(took.Seconds())
}

// Broken: a command was not accepted because of a rule.
func (t *Telemetry) Broken(rule string) { t.rejections.WithLabelValues(rule).Inc() }

// Found: a discrepancy was raised, revised or reopened.
func (t *Telemetry) Found(kind domain.Kind) { t.discrepancies.WithLabelValues(string(kind)).Inc() }

// Retried: a batch was decided again, or an append repeated.
func (t *Telemetry) Retried(reason string) { t.retries.WithLabelValues(reason).Inc() }

// AttemptNotKept: a rejected command was over the day's cap and only counted.
func (t *Telemetry) AttemptNotKept() { t.notKept.Inc() }

// Loaded: a ledger was loaded.
func (t *Telemetry) Loaded(events int, snapshot bool, took time.Duration) {
	t.loads.WithLabelValues(strconv.FormatBool(snapshot)).Observe(took.Seconds())
	t.loadedEvents.Add(float64(events))
}

// WatchQueues makes /metrics ask how many commands wait for each ledger.
func (t *Telemetry) WatchQueues(waiting func(report func(election string, unit domain.Code, commands int))) {
	t.registry.MustRegister(queues(waiting))
}

// queues is a collector of queue depths.
type queues func(report func(election string, unit domain.Code, commands int))

var queueDepth = prometheus.NewDesc("jejak_ledger_queue_depth", "Commands that wait for a ledger's writer.", []string{"election", "unit"}, nil)

// Describe is for the registry.
func (queues) Describe(out chan<- *prometheus.Desc) { out <- queueDepth }

// Collect is for the registry.
func (q queues) Collect(out chan<- prometheus.Metric) {
	q(func(election string, unit domain.Code, commands int) {
		out <- prometheus.MustNewConstMetric(queueDepth, prometheus.GaugeValue, float64(commands), election, string(unit))
	})
}

// PolicySent: a command of a policy was answered.
func (t *Telemetry) PolicySent(policy, result string) {
	t.policySent.WithLabelValues(policy, result).Inc()
}

// PolicyFailed: a policy stands still and will try again.
func (t *Telemetry) PolicyFailed(policy string) { t.policyFailed.WithLabelValues(policy).Inc() }

// WatchPolicies makes /metrics ask up to which position each policy is done.
func (t *Telemetry) WatchPolicies(handled func(report func(policy string, position eventstore.Position))) {
	t.registry.MustRegister(policies(handled))
}

// policies is a collector of the policies' positions.
type policies func(report func(policy string, position eventstore.Position))

var policyPosition = prometheus.NewDesc("jejak_policy_position", "Position of the last record that the policy reads and is done with.", []string{"policy"}, nil)

// Describe is for the registry.
func (policies) Describe(out chan<- *prometheus.Desc) { out <- policyPosition }

// Collect is for the registry.
func (p policies) Collect(out chan<- prometheus.Metric) {
	p(func(policy string, position eventstore.Position) {
		out <- prometheus.MustNewConstMetric(policyPosition, prometheus.GaugeValue, float64(position), policy)
	})
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
