package telemetry

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"jejak/eventstore"
)

// feedMetrics are about what goes out over NATS.
type feedMetrics struct {
	published, failed *prometheus.CounterVec
	missing           prometheus.Gauge
	pending, silent   prometheus.Gauge
}

func newFeedMetrics(registry prometheus.Registerer) feedMetrics {
	m := feedMetrics{
		published: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "jejak_feed_messages_total", Help: "Messages of the feed that the broker has acknowledged, by whether they were replayed from the log.",
		}, []string{"replay"}),
		failed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "jejak_feed_failures_total", Help: "Times that the feed stopped to try again, by reason.",
		}, []string{"reason"}),
	}
	m.missing = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "jejak_feed_missing_messages", Help: "Messages that are missing between others of the feed: jejak feed rebuild brings them back.",
	})
	m.pending = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "jejak_nats_cuts_pending", Help: "People whose token is revoked or has expired and who may still be connected over NATS, because a server did not answer.",
	})
	m.silent = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "jejak_nats_silent_servers", Help: "Servers of the NATS cluster that did not answer when they were asked who is connected.",
	})
	registry.MustRegister(m.published, m.failed, m.missing, m.pending, m.silent)
	return m
}

// FeedPublished: the broker has acknowledged a message of the feed.
func (t *Telemetry) FeedPublished(replay bool) {
	t.feed.published.WithLabelValues(strconv.FormatBool(replay)).Inc()
}

// FeedFailed: the feed stopped and will try again.
func (t *Telemetry) FeedFailed(reason string) { t.feed.failed.WithLabelValues(reason).Inc() }

// FeedMissing: so many messages are missing between others of the feed.
func (t *Telemetry) FeedMissing(messages int) { t.feed.missing.Set(float64(messages)) }

// CutsPending: so many people who should be cut from NATS may still be connected.
func (t *Telemetry) CutsPending(people int) { t.feed.pending.Set(float64(people)) }

// SilentServers: so many servers of the NATS cluster do not answer.
func (t *Telemetry) SilentServers(n int) { t.feed.silent.Set(float64(n)) }

// WatchFeed makes /metrics ask how far the feed is: the position up to which all is published, that of the log's end, how long the oldest record that is not
// published has waited, and whether it stands still until somebody mends it.
func (t *Telemetry) WatchFeed(lag func() (position, head eventstore.Position, oldest time.Duration, stopped bool)) {
	t.registry.MustRegister(feedLag(lag))
}

// feedLag is a collector.
type feedLag func() (position, head eventstore.Position, oldest time.Duration, stopped bool)

var (
	feedPosition = prometheus.NewDesc("jejak_feed_position", "Position up to which every record of a ledger is published.", nil, nil)
	feedHead     = prometheus.NewDesc("jejak_feed_head", "Position of the log's end.", nil, nil)
	feedOldest   = prometheus.NewDesc("jejak_feed_oldest_seconds", "How long the oldest record that is not published has waited.", nil, nil)
	feedStopped  = prometheus.NewDesc("jejak_feed_stopped", "1 while the feed stands still until somebody mends it.", nil, nil)
)

// Describe is for the registry.
func (feedLag) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{feedPosition, feedHead, feedOldest, feedStopped} {
		out <- d
	}
}

// Collect is for the registry.
func (f feedLag) Collect(out chan<- prometheus.Metric) {
	position, head, oldest, stopped := f()
	gauge := func(d *prometheus.Desc, value float64) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value)
	}
	gauge(feedPosition, float64(position))
	gauge(feedHead, float64(head))
	gauge(feedOldest, oldest.Seconds())
	value := 0.0
	if stopped {
		value = 1
	}
	gauge(feedStopped, value)
}
