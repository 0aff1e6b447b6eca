package handover_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/boombuler/barcode/qr"

	"jejak/internal/outside"
)

// proofOf makes something of the form and about the length of a proof: the leaf, hashes up the tree, and a checkpoint with its signature.
func proofOf(seed uint64, length int) string {
	r := rand.New(rand.NewPCG(seed, 13))
	random := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return base64.StdEncoding.EncodeToString(b)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "c2sp.org/tlog-proof@v1\nextra %s\nindex %d\n", random(200), r.IntN(1e6))
	tail := fmt.Sprintf("\njejak/1c9a0d7e55b2f310/simulated\n%d\n%s\n\n— jejak/1c9a0d7e55b2f310/simulated %s\n", r.IntN(1e6), random(32), random(68))
	for b.Len()+len(tail) < length {
		b.WriteString(random(32) + "\n")
	}
	return b.String() + tail
}

// Every proof is read off the paper by the programs that people have: minutes with proofs of many lengths, their pages at 3 and at 4 pixels a module.
func TestReadersOfTheCode(t *testing.T) {
	render, zbar, node := outside.Program(t, "pdftoppm"), outside.Program(t, "zbarimg"), outside.Program(t, "node")
	folder := outside.NPM(t, "jsqr", "@zxing/library", "zxing-wasm", "pngjs")
	script, err := filepath.Abs("testdata/qr.mjs")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	want := map[string]string{}
	var names []string
	for i := range 28 {
		s := sheet(1 + i)
		s.Evidence.Proof = proofOf(uint64(i), 800+18*i+i/25*400)
		file := filepath.Join(dir, strconv.Itoa(i)+".pdf")
		if err := os.WriteFile(file, draw(t, s), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, pixels := range []int{3, 4} {
			name := filepath.Join(dir, fmt.Sprintf("%02d-%d", i, pixels))
			// The side of the code on the paper is 50 mm, with four modules of white around it; the left third of the page has it.
			resolution := float64(pixels*(modules(t, s.Evidence.Proof)+8)) / 50 * 25.4
			if out, err := exec.Command(render, "-png", "-gray", "-singlefile", "-r", fmt.Sprintf("%.2f", resolution),
				"-x", "0", "-y", "0", "-W", strconv.Itoa(int(resolution*72/25.4)), "-H", strconv.Itoa(int(resolution*12)), file, name).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			names = append(names, name+".png")
			want[name+".png"] = s.Evidence.Proof
		}
	}
	cmd := exec.Command(node, append([]string{script}, names...)...)
	cmd.Dir = folder
	var out, trouble bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &trouble
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, trouble.Bytes())
	}
	var got map[string]map[string]*string
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	missed := map[string]int{}
	for _, name := range names {
		read, err := exec.Command(zbar, "--raw", "-q", name).Output()
		if text := strings.TrimSuffix(string(read), "\n"); err == nil {
			got[name]["zbarimg"] = &text
		}
		for _, reader := range []string{"zbarimg", "jsqr", "zxing", "zxing-wasm"} {
			if text := got[name][reader]; text == nil || *text != want[name] {
				missed[reader]++
				t.Errorf("%s: %s of %d bytes is not read", filepath.Base(name), reader, len(want[name]))
			}
		}
	}
	t.Logf("%d pages, not read: %v", len(names), missed)
}

// modules is how many the code of a text has a side: 17 and four for each version.
func modules(t *testing.T, text string) int {
	t.Helper()
	code, err := qr.Encode(text, qr.L, qr.Unicode)
	if err == nil && code.Bounds().Dx() == 17+4*23 {
		code, err = qr.Encode(text, qr.M, qr.Unicode)
	}
	if err != nil {
		t.Fatal(err)
	}
	return code.Bounds().Dx()
}
