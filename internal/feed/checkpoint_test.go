package feed

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
)

// TestNotices: the newest is in the bucket, also after the broker was away or somebody has deleted it.
func TestNotices(t *testing.T) {
	b := newBroker(t)
	js := b.js()
	c := NewNotices(js, 0, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { c.Run(ctx); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
	offered := 0
	published := func() {
		t.Helper()
		offered++
		want := fmt.Sprint("checkpoint ", offered)
		c.Offer("jejak/0123456789abcdef/simulated", int64(offered), []byte(want))
		c.Offer("jejak/0123456789abcdef/simulated", int64(offered)-1, []byte("an older one"))
		eventually(t, want+" is in the bucket", func() bool {
			kv, err := js.KeyValue(t.Context(), NotaryBucket)
			if err != nil {
				return false
			}
			entry, err := kv.Get(t.Context(), "jejak/0123456789abcdef/simulated")
			return err == nil && string(entry.Value()) == want
		})
	}
	published()
	published()
	if err := js.DeleteKeyValue(t.Context(), NotaryBucket); err != nil {
		t.Fatal(err)
	}
	published()
	b.stop()
	c.Offer("jejak/0123456789abcdef/simulated", int64(offered), []byte("while it is away"))
	b.start()
	published()
}
