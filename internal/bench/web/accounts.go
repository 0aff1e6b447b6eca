package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"jejak/internal/api"
	"jejak/internal/bench/serving"
)

// accounts is how many there are: each client has one of its own, as people have. A server bounds what one account may do at once.
const accounts = 256

// enlist makes the accounts of the clients, who may send to every regency, and returns their tokens.
func enlist(ctx context.Context, url, admin string) ([]string, error) {
	var lines bytes.Buffer
	for range accounts {
		if err := json.NewEncoder(&lines).Encode(api.NewUser{Role: "province", Scope: "35"}); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, serving.Patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/v1/users", &lines)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+admin)
	req.Header.Set("Content-Type", "application/x-ndjson")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("make the clients' accounts: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		return nil, fmt.Errorf("make the clients' accounts: status %d", resp.StatusCode)
	}
	tokens := make([]string, accounts)
	for answers, i := json.NewDecoder(resp.Body), 0; i < accounts; i++ {
		var made struct{ Token string }
		if err := answers.Decode(&made); err != nil {
			return nil, fmt.Errorf("make the clients' accounts: the answer for the %d-th: %w", i+1, err)
		}
		tokens[i] = made.Token
	}
	return tokens, nil
}

// passwords are as many words as long as Jejak's tokens, for servers that have no accounts of their own making.
func passwords() []string {
	list := make([]string, accounts)
	for i := range list {
		list[i] = fmt.Sprintf("jjk_%043d", i)
	}
	return list
}

// token is that of the i-th client.
func (p place) token(i int) string { return p.Tokens[i%len(p.Tokens)] }

// waitFor waits until a server answers.
func waitFor(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	_, err := serving.Until(ctx, http.MethodGet, url+"/readyz", "", nil)
	return err
}
