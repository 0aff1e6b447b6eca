package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"

	"jejak/domain"
	"jejak/domain/handoff"
	"jejak/internal/client"
	"jejak/internal/exit"
	"jejak/internal/handover"
	"jejak/internal/journal"
	"jejak/internal/refold"
	"jejak/internal/server"
)

// served makes minutes through a server.
type served struct {
	client          *client.Client
	token, election string
}

func (s *served) make(ctx context.Context, handoff, number string, _ uint64, proof bool) (file []byte, err error) {
	query := url.Values{}
	if number != "" {
		query.Set("number", number)
	}
	if !proof {
		query.Set("proof", "none")
	}
	_, err = s.client.Get(ctx, s.token, "/v1/elections/"+s.election+"/handoffs/"+url.PathEscape(handoff)+"/bast.pdf", query, 0, &file)
	return file, err
}

func (s *served) issued(ctx context.Context, id string) (list []issued, err error) {
	query := url.Values{"election": {s.election}, "unit": {string(unitOf(id))}, "type": {(&handoff.DocumentIssued{}).EventType()}}
	for e, err := range s.client.Events(ctx, s.token, query) {
		if err != nil {
			return nil, err
		}
		var data handoff.DocumentIssued
		var meta journal.Metadata
		at, bad := domain.StoredTime(e.RecordedAt)
		if err := errors.Join(json.Unmarshal(e.Data, &data), json.Unmarshal(e.Metadata, &meta), bad); err != nil {
			return nil, fmt.Errorf("read event %s: %w", e.ID, err)
		}
		if data.Handoff == id {
			list = append(list, issued{Event: e.ID, At: at, By: meta.Actor.ID, Number: data.Number, SHA256: data.SHA256, version: e.Version})
		}
	}
	return list, nil
}

func (s *served) close() error {
	s.client.Close()
	return nil
}

// archived makes minutes from a data directory that no server has.
type archived struct {
	log      *server.Log
	archive  handover.Archive
	election string
	end      func() error
}

func (f *bastFlags) archived(ctx context.Context) (desk, error) {
	if f.issue {
		return nil, exit.Errorf(exit.Unreachable, "--issue needs a running server: start one with  jejak serve --data %s", f.dir)
	}
	if err := checkStore(f.store); err != nil {
		return nil, err
	}
	log, err := openLog(ctx, f.dir, f.store)
	if err != nil {
		return nil, err
	}
	archive, end, err := log.Archive(ctx)
	if err != nil {
		return nil, errors.Join(err, log.Close())
	}
	return &archived{log: log, archive: archive, election: f.election, end: end}, nil
}

func (a *archived) make(ctx context.Context, id, number string, before uint64, proof bool) ([]byte, error) {
	if err := a.log.Catalog.Refresh(ctx, a.election); err != nil {
		return nil, err
	}
	source := refold.Source{Store: a.log.Store, Catalog: a.log.Catalog}
	state := source.New(a.election, unitOf(id))
	err := source.Fold(ctx, state, func(step refold.Step) (bool, error) {
		return before == 0 || uint64(step.Record.Version)+1 < before, nil
	})
	if err != nil {
		return nil, err
	}
	sheet, ok := handover.Read(state, id)
	if !ok {
		return nil, fmt.Errorf("there is no accepted handoff %s in %s: look up its id", id, a.election)
	}
	sheet.Number = number
	if err := a.archive.Complete(ctx, &sheet, proof); err != nil {
		return nil, err
	}
	return sheet.PDF()
}

func (a *archived) issued(ctx context.Context, id string) (list []issued, err error) {
	for rec, err := range a.log.Store.Read(ctx, journal.LedgerStream(a.election, unitOf(id)), 0) {
		if err != nil {
			return nil, err
		}
		if rec.Type != (&handoff.DocumentIssued{}).EventType() {
			continue
		}
		var data handoff.DocumentIssued
		meta, bad := journal.ReadMetadata(&rec)
		if err := errors.Join(json.Unmarshal(rec.Data, &data), bad); err != nil {
			return nil, fmt.Errorf("read event %s: %w", rec.ID, err)
		}
		if data.Handoff == id {
			list = append(list, issued{Event: rec.ID.String(), At: rec.RecordedAt, By: meta.Actor.ID, Number: data.Number, SHA256: data.SHA256, version: uint64(rec.Version)})
		}
	}
	return list, nil
}

func (a *archived) close() error { return errors.Join(a.end(), a.log.Close()) }
