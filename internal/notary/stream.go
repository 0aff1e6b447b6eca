package notary

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"jejak/eventstore"
)

// StreamName is the stream beside the log where the n-th notary of it, from 0, keeps what it has signed. A log on one machine has one notary; before
// EventStoreDB there may be several servers, each with its own.
func StreamName(n int) string { return fmt.Sprintf("%snotary-%d", eventstore.SidePrefix, n) }

// Entry is a record of the notary's stream: something that the notary says about the log. Entries are chained, and each is sealed with the key in use, so that
// who cannot sign can at most take the last ones away. One of the pointers is set.
type Entry struct {
	Version  eventstore.Version `json:"version"`  // in the stream, from 1
	Previous tlog.Hash          `json:"previous"` // SHA-256 of the body before; of zeros for the first
	At       time.Time          `json:"at"`       // the machine's clock
	Origin   string             `json:"origin"`   // of the log when it was entered

	Begun    *Begun       `json:"begun,omitempty"`
	Adopted  *Adopted     `json:"adopted,omitempty"`
	Signed   *SignedTree  `json:"signed,omitempty"`
	Cosigned *Cosigned    `json:"cosigned,omitempty"`
	Key      *KeyEntered  `json:"key,omitempty"`
	Epoch    *EpochBegun  `json:"epoch,omitempty"`
	Accepted *Accepted    `json:"accepted,omitempty"`
	Outage   *OutageEnded `json:"outage,omitempty"`
	Reads    *Reads       `json:"reads,omitempty"`

	body tlog.Hash // of what stands in the log
	seal string    // base64 of key hash and signature
}

// Word is what a person has said, so that the notary goes on where it would not by itself.
type Word struct {
	By  string `json:"by"`
	Why string `json:"why"`
}

// Begun: the notary of this origin begins here.
type Begun struct {
	Keys     []Key               `json:"keys"`     // the oldest first
	Position eventstore.Position `json:"position"` // of the newest record of the log then, 0: it was empty
	// Adopts: checkpoints were signed before there was a stream, and are entered next.
	Adopts bool  `json:"adopts,omitempty"`
	Word   *Word `json:"word,omitempty"`
}

// Adopted are checkpoints that were signed before there was a stream, as notary.db had them.
type Adopted struct {
	Checkpoints []AdoptedTree `json:"checkpoints"`
	Last        bool          `json:"last"` // there are no more
}

// AdoptedTree is one of them.
type AdoptedTree struct {
	SignedTree
	SignedAt     time.Time `json:"signed_at"`
	Cosignatures string    `json:"cosignatures,omitempty"` // lines of a signed note
}

// SignedTree is a checkpoint. Its text follows from origin, size and root.
type SignedTree struct {
	Size       int64               `json:"size"`
	Root       tlog.Hash           `json:"root"`
	Position   eventstore.Position `json:"position"` // of the last record in it
	Event      uuid.UUID           `json:"event"`    // its id
	Signatures string              `json:"signatures"`
	// Pace is how often the server signs while something is new.
	Pace time.Duration `json:"pace_ns,omitempty"`
}

// Reads is the end of the chain in access.db, which says who has read what.
type Reads struct {
	File string `json:"file"` // id of the file
	Rows int64  `json:"rows"`
	Head string `json:"head"` // base64
}

// Cosigned is the cosignature of a witness.
type Cosigned struct {
	Size    int64  `json:"size"`
	Witness string `json:"witness"`
	Line    string `json:"line"`
}

// KeyEntered: another key signs from now on. Unless the one before is lost, that has sealed this entry.
type KeyEntered struct {
	Key
	// Signatures take the place of those of the newest checkpoint, which both keys have signed; "" where nothing was signed.
	Signatures string `json:"signatures,omitempty"`
}

// EpochBegun: the log goes on from another state than the one that was signed last: it was restored, or a person has accepted it as it is. It gets an origin of its
// own, since a witness refuses a second history of one origin for ever.
type EpochBegun struct {
	Number int `json:"number"` // from 1
	// Fork is the position up to which the log is that of the epoch before.
	Fork eventstore.Position `json:"fork"`
	Key  Key                 `json:"key"`  // of the new origin; the key before hands over to it
	Good int64               `json:"good"` // records under the newest checkpoint of before that the log extends
	Void int64               `json:"void"` // records under the newest checkpoint of before, as far as this stream knows
	// Size and Root are the log's when the epoch began.
	Size     int64     `json:"size"`
	Root     tlog.Hash `json:"root"`
	Word     *Word     `json:"word,omitempty"`
	Restored *Restored `json:"restored,omitempty"`
}

// Restored says what a log was restored from.
type Restored struct {
	File    string              `json:"file"`    // name of the backup
	SHA256  string              `json:"sha256"`  // of it, hexadecimal
	Began   time.Time           `json:"began"`   // when it was taken
	Program string              `json:"program"` // that has restored it
	Head    eventstore.Position `json:"position"`
}

// Accepted: a person has accepted what does not hold of the log up to a size.
type Accepted struct {
	Word
	Size int64 `json:"size"`
}

// OutageEnded: nothing could be signed for a while, though the server ran.
type OutageEnded struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	Why  string    `json:"why"`
}

// kind is the type of an entry's event.
func (e *Entry) kind() string {
	switch {
	case e.Begun != nil:
		return "notary.begun"
	case e.Adopted != nil:
		return "notary.adopted"
	case e.Signed != nil:
		return "notary.signed"
	case e.Cosigned != nil:
		return "notary.cosigned"
	case e.Key != nil:
		return "notary.key"
	case e.Epoch != nil:
		return "notary.epoch"
	case e.Accepted != nil:
		return "notary.accepted"
	case e.Outage != nil:
		return "notary.outage"
	case e.Reads != nil:
		return "notary.reads"
	}
	return ""
}

// sealed is how an entry stands in the log.
type sealed struct {
	Body json.RawMessage `json:"body"`
	Seal string          `json:"seal"`
}

// sealText is what the key signs of an entry.
func sealText(origin string, body tlog.Hash) string {
	return "jejak-notary-entry/v1\n" + origin + "\n" + body.String() + "\n"
}

// event makes the event of an entry. Asked for again it is the same.
func (e *Entry) event(by *signer) (eventstore.Event, error) {
	body, err := json.Marshal(e)
	if err != nil {
		return eventstore.Event{}, fmt.Errorf("write an entry: %w", err)
	}
	e.body = sha256.Sum256(body)
	signed, err := note.Sign(&note.Note{Text: sealText(e.Origin, e.body)}, by)
	if err != nil {
		return eventstore.Event{}, fmt.Errorf("seal an entry: %w", err)
	}
	line := strings.TrimSuffix(string(signed), "\n")
	e.seal = line[strings.LastIndexByte(line, ' ')+1:]
	data, err := json.Marshal(sealed{body, e.seal})
	if err != nil {
		return eventstore.Event{}, fmt.Errorf("write an entry: %w", err)
	}
	return eventstore.Event{ID: uuid.NewSHA1(uuid.NameSpaceURL, []byte(sealText(e.Origin, e.body))), Type: e.kind(), Schema: 1, RecordedAt: e.At, Data: data}, nil
}

// ReadEntry reads an entry. Whether its seal holds is for SealedBy.
func ReadEntry(rec *eventstore.Record) (*Entry, error) {
	var s sealed
	e := &Entry{}
	err := json.Unmarshal(rec.Data, &s)
	if err == nil {
		err = json.Unmarshal(s.Body, e)
	}
	if err == nil && (e.kind() == "" || e.kind() != rec.Type || e.Version != rec.Version) {
		err = fmt.Errorf("it says that it is %s, version %d", e.kind(), e.Version)
	}
	if err != nil {
		return nil, fmt.Errorf("%s version %d cannot be read: %w", rec.Stream, rec.Version, err)
	}
	e.body, e.seal = sha256.Sum256(s.Body), s.Seal
	return e, nil
}

// Body is the SHA-256 that the next entry names.
func (e *Entry) Body() tlog.Hash { return e.body }

// SealedBy tells whether a verifier key has sealed an entry.
func (e *Entry) SealedBy(verifier string) error {
	v, err := note.NewVerifier(verifier)
	if err != nil {
		return fmt.Errorf("verifier key %q: %w", verifier, err)
	}
	text := sealText(e.Origin, e.body)
	_, err = note.Open([]byte(text+"\n— "+v.Name()+" "+e.seal+"\n"), note.VerifierList(v))
	return err
}

// sealers are the keys that may have sealed an entry, where current is the one in use before it: the first of an origin brings its own, and a key in the place of a
// lost one seals its own entry.
func (e *Entry) sealers(current string) []string {
	switch {
	case e.Begun != nil && len(e.Begun.Keys) > 0:
		return []string{e.Begun.Keys[len(e.Begun.Keys)-1].Verifier}
	case e.Key != nil && e.Key.Succession == "":
		return []string{e.Key.Verifier}
	case e.Epoch != nil && e.Epoch.Key.Succession == "":
		return []string{e.Epoch.Key.Verifier}
	}
	return []string{current}
}

// Chain follows the entries of a stream and says what does not hold of them.
type Chain struct {
	Version eventstore.Version
	Newest  tlog.Hash // SHA-256 of the newest body
	Key     string    // verifier key in use
}

// Next takes the next entry.
func (c *Chain) Next(e *Entry) error {
	var wrong error
	switch {
	case e.Version != c.Version+1:
		wrong = fmt.Errorf("entry %d of the notary's stream comes after entry %d", e.Version, c.Version)
	case e.Previous != c.Newest:
		wrong = fmt.Errorf("entry %d of the notary's stream does not follow on the one before it: one of them was changed", e.Version)
	default:
		for _, key := range e.sealers(c.Key) {
			if err := e.SealedBy(key); err != nil {
				wrong = fmt.Errorf("entry %d of the notary's stream (%s) is not sealed with the key in use: %w", e.Version, e.kind(), err)
			}
		}
	}
	c.Version, c.Newest = e.Version, e.body
	switch {
	case e.Begun != nil && len(e.Begun.Keys) > 0:
		c.Key = e.Begun.Keys[len(e.Begun.Keys)-1].Verifier
	case e.Key != nil:
		c.Key = e.Key.Verifier
	case e.Epoch != nil:
		c.Key = e.Epoch.Key.Verifier
	}
	return wrong
}

// stream is the notary's stream while it is written. It is safe for concurrent use.
type stream struct {
	side eventstore.Side
	name string

	mu    sync.Mutex
	chain Chain
	top   tlog.Tree // under the newest checkpoint that the stream has
}

// appendPatience is how long an append whose outcome is unknown is asked for again.
const appendPatience = 30 * time.Second

// enter seals an entry, puts it into the stream and then into the book.
func (n *Notary) enter(ctx context.Context, e *Entry, by *signer) error {
	s := n.stream
	s.mu.Lock()
	defer s.mu.Unlock()
	e.Version, e.Previous, e.Origin = s.chain.Version+1, s.chain.Newest, n.book.currentOrigin()
	if e.Begun != nil {
		e.Origin = by.Name()
	}
	if e.At.IsZero() {
		e.At = n.cfg.now()
	}
	e.At = e.At.UTC().Truncate(time.Microsecond)
	event, err := e.event(by)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, appendPatience)
	defer cancel()
	for {
		_, err = s.side.Append(ctx, s.name, s.chain.Version, event)
		if !errors.Is(err, eventstore.ErrUnknownOutcome) || errors.Is(err, eventstore.ErrFailed) || ctx.Err() != nil {
			break
		}
	}
	var conflict *eventstore.ConflictError
	if errors.As(err, &conflict) {
		return fmt.Errorf("the notary's stream %s has %d entries, not %d: does another process sign here? %w", s.name, conflict.Actual, conflict.Expected, err)
	}
	if err != nil {
		return &logError{fmt.Errorf("enter %s: %w", e.kind(), err)}
	}
	if err := n.cfg.at("entered"); err != nil {
		return err
	}
	if err := n.book.take([]*Entry{e}); err != nil {
		return err
	}
	return s.chain.Next(e)
}

// StreamError: the stream beside the log is not what the notary has entered there.
type StreamError struct{ What string }

func (e *StreamError) Error() string {
	return "the notary's stream beside the log does not hold: " + e.What + ": find out more with jejak audit verify, and restore a backup; nothing is served until then"
}

// takenAtOnce is how many entries the book takes over in a transaction.
const takenAtOnce = 1000

// follow brings the book up to the stream, which must go on from where the book is.
func (n *Notary) catchUpBook(ctx context.Context) error {
	s := n.stream
	s.mu.Lock()
	defer s.mu.Unlock()
	taken, err := n.book.taken()
	if err != nil {
		return err
	}
	head, _, err := s.side.StreamHead(ctx, s.name)
	if err != nil {
		return &logError{fmt.Errorf("find the end of %s: %w", s.name, err)}
	}
	if head < taken.Version {
		return &StreamError{fmt.Sprintf("it has %d entries, and %s has taken over %d: the last ones were removed", head, n.path(BookFile), taken.Version)}
	}
	chain := taken
	from, err := n.lookBack(ctx, taken)
	if err != nil {
		return err
	}
	var batch []*Entry
	for rec, err := range s.side.Read(ctx, s.name, from) {
		if err != nil {
			return &logError{fmt.Errorf("read %s: %w", s.name, err)}
		}
		e, err := ReadEntry(&rec)
		if err != nil {
			return &StreamError{err.Error()}
		}
		if rec.Version == taken.Version {
			if e.body != taken.Newest {
				return &StreamError{fmt.Sprintf("entry %d is not the one that %s has taken over: one of them was changed", rec.Version, n.path(BookFile))}
			}
		}
		if rec.Version <= taken.Version {
			continue
		}
		if err := chain.Next(e); err != nil {
			return &StreamError{err.Error()}
		}
		s.seen(e)
		if batch = append(batch, e); len(batch) == takenAtOnce {
			if err := n.book.take(batch); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
	if err := n.book.take(batch); err != nil {
		return err
	}
	s.chain = chain
	newest, err := n.book.newest()
	if err != nil {
		return err
	}
	if adopting := n.book.adoptingNow(); s.top.N > 0 && !adopting && (newest == nil || newest.Tree != s.top) {
		return &StreamError{fmt.Sprintf("its newest checkpoint is of %d records, and %s has another as the newest: that was changed; jejak notary rebuild makes it again from the stream", s.top.N, n.path(BookFile))}
	}
	return nil
}

// lookBack finds the newest checkpoint among the entries that were taken over. It returns after which entry the rest is to be read.
func (n *Notary) lookBack(ctx context.Context, taken Chain) (eventstore.Version, error) {
	s := n.stream
	s.top = tlog.Tree{}
	for back := eventstore.Version(64); ; back *= 8 {
		from := taken.Version - min(back, taken.Version)
		for rec, err := range s.side.Read(ctx, s.name, from) {
			if err != nil {
				return 0, &logError{fmt.Errorf("read %s: %w", s.name, err)}
			}
			if rec.Version > taken.Version {
				break
			}
			e, err := ReadEntry(&rec)
			if err != nil {
				return 0, &StreamError{err.Error()}
			}
			s.seen(e)
		}
		if s.top.N > 0 || from == 0 {
			return taken.Version - min(1, taken.Version), nil // the newest that was taken over must still be there
		}
	}
}

// seen notes which checkpoint is the newest.
func (s *stream) seen(e *Entry) {
	switch {
	case e.Signed != nil:
		s.top = tlog.Tree{N: e.Signed.Size, Hash: e.Signed.Root}
	case e.Adopted != nil && len(e.Adopted.Checkpoints) > 0:
		c := e.Adopted.Checkpoints[len(e.Adopted.Checkpoints)-1]
		s.top = tlog.Tree{N: c.Size, Hash: c.Root}
	case e.Epoch != nil:
		s.top = tlog.Tree{} // an earlier one is the newest then, until the first of the epoch is signed
	}
}

// adoptedAtOnce is how many checkpoints of before there was a stream are put into one entry: far less than an append may have.
const adoptedAtOnce = 500

// adopt puts what was signed before there was a stream into it. Killed in between, it goes on at the next start.
func (n *Notary) adopt(ctx context.Context) error {
	for {
		size, adopting, err := n.book.adopting()
		if err != nil || !adopting {
			return err
		}
		some, err := n.book.after(size, adoptedAtOnce)
		if err != nil {
			return err
		}
		a := &Adopted{Last: len(some) < adoptedAtOnce}
		for _, c := range some {
			a.Checkpoints = append(a.Checkpoints, AdoptedTree{c.entry(), c.SignedAt.UTC(), c.Cosignatures})
		}
		if err := n.cfg.at("adopt"); err != nil {
			return err
		}
		if err := n.enter(ctx, &Entry{Adopted: a}, n.signer); err != nil {
			return err
		}
	}
}

func (s *Signed) entry() SignedTree {
	return SignedTree{Size: s.N, Root: s.Hash, Position: s.Position, Event: s.Event, Signatures: s.Signatures}
}

// decodeRoot reads a hash as notary.db has it.
func decodeRoot(text string) (hash tlog.Hash, err error) {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err == nil && len(raw) != tlog.HashSize {
		err = fmt.Errorf("its hash has %d bytes", len(raw))
	}
	copy(hash[:], raw)
	return hash, err
}
