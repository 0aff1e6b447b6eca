package election

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"strconv"
	"strings"
	"sync"
)

// Book is the Catalog folded from the streams of elections. It is safe for concurrent use; what it hands out never changes.
type Book struct {
	mu        sync.RWMutex
	published map[string]map[string]*Reference // election, version
	latest    map[string]string                // version published last, by election
	draft     *draft
}

// NewCatalog returns an empty Book.
func NewCatalog() *Book {
	return &Book{published: map[string]map[string]*Reference{}, latest: map[string]string{}}
}

// Reference implements Catalog.
func (b *Book) Reference(election, version string) (*Reference, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	ref, ok := b.published[election][version]
	return ref, ok
}

// Latest returns the version of an election's reference data that was published last.
func (b *Book) Latest(election string) (*Reference, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	ref, ok := b.published[election][b.latest[election]]
	return ref, ok
}

// Apply folds the next event of an election's stream. The streams of several elections may follow each other, but each version's events
// must come without those of another between them. Events of an unfinished version are forgotten when the next one is defined. An error
// says that the stream is not what an import wrote; the version concerned is not there.
//
// Changes of accounts (account.added, account.revoked), which earlier programs wrote into such a stream, are no reference data: they are passed over.
func (b *Book) Apply(eventType string, schema int, data []byte) error {
	if strings.HasPrefix(eventType, "account.") {
		return nil
	}
	event := NewEvent(eventType, schema)
	if event == nil {
		return fmt.Errorf("fold reference data: event type %s of schema %d is unknown: it was written by a newer version of the program", eventType, schema)
	}
	if err := json.Unmarshal(data, event); err != nil {
		return fmt.Errorf("fold reference data: read %s: %w", eventType, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if defined, ok := event.(*Defined); ok {
		b.draft = newDraft(defined)
	}
	if b.draft == nil {
		return fmt.Errorf("fold reference data: %s stands before any election.defined", eventType)
	}
	if published, ok := event.(*ReferencePublished); ok {
		ref, err := b.draft.publish(published)
		b.draft = nil
		if err != nil {
			return fmt.Errorf("fold reference data of %s: %w", published.Version, err)
		}
		b.add(ref)
		return nil
	}
	digest(b.draft.hash, eventType, schema, data)
	if err := b.draft.apply(event); err != nil {
		b.draft.broken = err
		return fmt.Errorf("fold reference data: %s: %w", eventType, err)
	}
	return nil
}

func (b *Book) add(ref *Reference) {
	versions := b.published[ref.Election]
	if versions == nil {
		versions = map[string]*Reference{}
		b.published[ref.Election] = versions
	}
	if _, known := versions[ref.Version]; !known { // a version never changes
		versions[ref.Version] = ref
	}
	b.latest[ref.Election] = ref.Version
}

// Digest is the SHA-256 of a version's events before its ReferencePublished: of each its type, schema and data, a line each.
func Digest(events []Event) string {
	h := sha256.New()
	for _, e := range events {
		digest(h, e.EventType(), e.Schema(), Encode(e))
	}
	return hex.EncodeToString(h.Sum(nil))
}

func digest(h hash.Hash, eventType string, schema int, data []byte) {
	h.Write([]byte(eventType + "\n" + strconv.Itoa(schema) + "\n"))
	h.Write(data)
	h.Write([]byte{'\n'})
}

// Publish closes a list of events that make up a version: it returns them with their ReferencePublished, and the reference they make.
// The version is date (such as "2024-02-01") and the beginning of the digest. The events must begin with Defined.
func Publish(date string, events []Event) ([]Event, *Reference, error) {
	defined, ok := events[0].(*Defined)
	if !ok {
		return nil, nil, fmt.Errorf("reference data begins with %s, not with election.defined", events[0].EventType())
	}
	d := newDraft(defined)
	for _, e := range events {
		if err := d.apply(e); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", e.EventType(), err)
		}
	}
	sum := Digest(events)
	published := &ReferencePublished{Version: date + "." + sum[:8], SHA256: sum, Counts: d.counts()}
	return append(events, published), d.close(published.Version), nil
}
