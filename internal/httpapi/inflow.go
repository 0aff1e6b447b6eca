package httpapi

import (
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// Limits of the body of a batch.
const (
	// maxBatch is the most bytes of one batch, as it comes and unpacked.
	maxBatch = 32 << 20
	// maxRatio is how much larger than what came something unpacked may be, once it is larger than ratioFrom bytes: commands, each with an id of
	// its own, are packed to a tenth at best.
	maxRatio  = 100
	ratioFrom = 1 << 20
)

var (
	errBatchTooLarge = errors.New("the batch is too large")
	errRatio         = errors.New("the batch is unpacked to far more than commands are")
)

// inflow takes the body of a batch off the wire as fast as it comes, whatever becomes of its lines meanwhile. Who sends must never have to wait
// for who reads: many programs, and proxies such as nginx, send everything before they read an answer, or stop sending for good when they have to
// wait after an answer has begun.
type inflow struct {
	spool *spool
	came  atomic.Int64  // bytes
	over  atomic.Bool   // nothing more is wanted
	ended chan struct{} // closed when the body has ended or broken
}

// begin takes the body in. alive is called whenever something has come.
func begin(body io.Reader, room *spoolRoom, alive func()) *inflow {
	in := &inflow{spool: newSpool(room), ended: make(chan struct{})}
	go in.take(body, alive)
	return in
}

func (in *inflow) take(body io.Reader, alive func()) {
	defer close(in.ended)
	part := make([]byte, 64<<10)
	for {
		n, err := body.Read(part)
		if in.came.Add(int64(n)) > maxBatch {
			in.spool.close(errBatchTooLarge)
		} else if n > 0 {
			_, _ = in.spool.Write(part[:n]) // who reads is told; the rest is taken off the wire and thrown away
		}
		if err != nil {
			in.spool.close(err)
			return
		}
		if in.came.Load() > maxBatch+drainBytes {
			return
		}
		alive()
		if in.over.Load() { // after alive, which gives the body its time anew: stop, which takes it away, comes either before this or after it
			return
		}
	}
}

// stop ends it, so that the body is not read any more when this returns, and lets go of what was kept. A body that has come to its end is left
// alone: the connection serves the next request.
func (in *inflow) stop(ctl *http.ResponseController) {
	select {
	case <-in.ended:
	default:
		in.over.Store(true)
		_ = ctl.SetReadDeadline(time.Now())
		<-in.ended
	}
	in.spool.discard()
}

// lines is what reads the body, unpacked where it is packed. It is an error when it is not what it is said to be.
func (in *inflow) lines(packed bool) (io.Reader, error) {
	if !packed {
		return in.spool, nil
	}
	unpacked, err := gzip.NewReader(in.spool)
	if err != nil {
		return nil, err
	}
	return &bounded{in: in, unpacked: unpacked}, nil
}

// bounded unpacks what is not suspiciously small.
type bounded struct {
	in       *inflow
	unpacked io.Reader
	n        int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.unpacked.Read(p)
	if b.n += int64(n); b.n > maxBatch {
		return 0, errBatchTooLarge
	}
	if b.n > ratioFrom && b.n/maxRatio > b.in.came.Load() {
		return 0, errRatio
	}
	return n, err
}
