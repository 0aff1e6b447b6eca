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

// statusRow is a unit's row as over HTTP: body is a JSON object whose "position" is position.
type statusRow struct {
	election, unit string
	position       eventstore.Position
	body           []byte
}

// Status puts a unit's row into the bucket: body is the row as over HTTP, a JSON object whose "position" is position. A row of an older position
// never takes the place of a newer one, however many servers put rows; that it did not is no error. It tries again while others put the same row,
// until ctx ends. After an error the caller puts the row again, or a newer one.
func (p *Publisher) Status(ctx context.Context, election, unit string, position eventstore.Position, body []byte) error {
	return p.status(ctx, statusRow{election, unit, position, body}, false)
}

// status is Status; anew puts the row whatever is there.
func (p *Publisher) status(ctx context.Context, row statusRow, anew bool) error {
	key := StatusKey(row.election, row.unit)
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		err := p.putStatus(ctx, key, row, anew)
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

// keyValue is the bucket, made if it is not there.
func (p *Publisher) keyValue(ctx context.Context) (jetstream.KeyValue, error) {
	kv, err := p.cfg.JetStream.KeyValue(ctx, Bucket)
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		if err := p.bucket(ctx); err != nil {
			return nil, err
		}
		kv, err = p.cfg.JetStream.KeyValue(ctx, Bucket)
	}
	return kv, err
}

func (p *Publisher) putStatus(ctx context.Context, key string, row statusRow, anew bool) error {
	kv, err := p.keyValue(ctx)
	if err != nil {
		return err
	}
	there, err := kv.Get(ctx, key)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		_, err = kv.Create(ctx, key, row.body)
		return first(err)
	}
	if err != nil {
		return err
	}
	var has struct {
		Position uint64 `json:"position"`
	}
	// What is no row was put by nobody of ours, and gives way.
	newer := json.Unmarshal(there.Value(), &has) == nil && (has.Position > uint64(row.position) || string(there.Value()) == string(row.body))
	if newer && !anew {
		return nil
	}
	_, err = kv.Update(ctx, key, row.body, there.Revision())
	return first(err)
}

// pruneStatus removes the keys that are not to be kept.
func (p *Publisher) pruneStatus(ctx context.Context, keep func(key string) bool) error {
	kv, err := p.keyValue(ctx)
	if err != nil {
		return fmt.Errorf("look into bucket %s: %w", Bucket, err)
	}
	keys, err := kv.Keys(ctx)
	if err != nil && !errors.Is(err, jetstream.ErrNoKeysFound) {
		return fmt.Errorf("list the keys of bucket %s: %w", Bucket, err)
	}
	for _, key := range keys {
		if keep(key) {
			continue
		}
		if err := kv.Purge(ctx, key); err != nil {
			return fmt.Errorf("remove key %s from bucket %s: %w", key, Bucket, err)
		}
	}
	return nil
}

// first makes the refusals of a row that is not the one that was read into errFenced.
func first(err error) error {
	var api *jetstream.APIError
	if errors.Is(err, jetstream.ErrKeyExists) || errors.As(err, &api) && (api.ErrorCode == codeWrongLastSequence || api.ErrorCode == codeWrongLastSequence2) {
		return errFenced
	}
	return err
}
