package feed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"jejak/eventstore"
	"jejak/projections/feed"
)

// StatusKey is the key of a unit's row in the bucket.
func StatusKey(election, unit string) string { return feed.Token(election) + "." + feed.Token(unit) }

// Status puts a unit's row into the bucket: body is the row as over HTTP, a JSON object whose "position" is position. A row of an older position
// never takes the place of a newer one, however many servers put rows; that it did not is no error. It tries again while others put the same row,
// until ctx ends. After an error the caller puts the row again, or a newer one.
func (p *Publisher) Status(ctx context.Context, election, unit string, position eventstore.Position, body []byte) error {
	key := StatusKey(election, unit)
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		err := p.putStatus(ctx, key, position, body)
		if err == nil {
			return nil
		}
		if !errors.Is(err, errFenced) {
			return fmt.Errorf("put row %s into bucket %s: %w", key, Bucket, err)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return fmt.Errorf("put row %s into bucket %s: %w", key, Bucket, ctx.Err())
		}
	}
}

func (p *Publisher) putStatus(ctx context.Context, key string, position eventstore.Position, body []byte) error {
	kv, err := p.cfg.JetStream.KeyValue(ctx, Bucket)
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		if err := p.bucket(ctx); err != nil {
			return err
		}
		kv, err = p.cfg.JetStream.KeyValue(ctx, Bucket)
	}
	if err != nil {
		return err
	}
	there, err := kv.Get(ctx, key)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		_, err = kv.Create(ctx, key, body)
		return first(err)
	}
	if err != nil {
		return err
	}
	var row struct {
		Position uint64 `json:"position"`
	}
	// What is no row was put by nobody of ours, and gives way.
	if json.Unmarshal(there.Value(), &row) == nil && (row.Position > uint64(position) || string(there.Value()) == string(body)) {
		return nil
	}
	_, err = kv.Update(ctx, key, body, there.Revision())
	return first(err)
}

// first makes the refusals of a row that is not the one that was read into errFenced.
func first(err error) error {
	var api *jetstream.APIError
	if errors.Is(err, jetstream.ErrKeyExists) || errors.As(err, &api) && (api.ErrorCode == codeWrongLastSequence || api.ErrorCode == codeWrongLastSequence2) {
		return errFenced
	}
	return err
}
