package audit

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
)

// serve is a service whose answers about packages are made from their names and
// the pages that are asked for.
func serve(t *testing.T, answer func(asked [][2]string) string) *Service {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body struct{ Queries []query }
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil || len(body.Queries) > batchSize {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		var asked [][2]string
		for _, q := range body.Queries {
			asked = append(asked, [2]string{q.Package.Name, q.Page})
		}
		fmt.Fprint(w, answer(asked))
	}))
	t.Cleanup(server.Close)
	return &Service{Web: testClient(), URL: server.URL}
}
