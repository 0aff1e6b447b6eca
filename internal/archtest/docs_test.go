package archtest

import (
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

const root = "../.."

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// A link inside the project leads somewhere.
func TestLinksOfThePages(t *testing.T) {
	pages, err := filepath.Glob(root + "/docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob(root + "/docs/*/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range slices.Concat(pages, more, []string{root + "/README.md"}) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			u, err := url.Parse(m[1])
			if err != nil || u.Scheme != "" || u.Path == "" {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), u.Path)); err != nil {
				t.Errorf("%s: %s leads nowhere", page, m[1])
			}
		}
	}
}

// Every folder of packages stands in the README's map.
func TestTheMapOfTheHouse(t *testing.T) {
	text, err := os.ReadFile(root + "/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, top := range []string{"cmd", "domain", "eventstore", "internal"} {
		folders, err := os.ReadDir(filepath.Join(root, top))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range folders {
			private := f.Name() == "internal" || f.Name() == "testdata" || slices.Contains(forTests, module+"/"+top+"/"+f.Name())
			if f.IsDir() && !private && !strings.Contains(string(text), f.Name()) {
				t.Errorf("the README's map has no %s/%s", top, f.Name())
			}
		}
	}
}

type compose struct {
	Services map[string]struct {
		Image       string
		Build       string
		Profiles    []string
		Ports       []string
		Volumes     []string
		Environment map[string]string
		Configs     []struct{ Source string }
		Healthcheck struct{ Test []string }
		ReadOnly    bool `yaml:"read_only"`
		Tmpfs       []string
	}
	Volumes map[string]any
	Configs map[string]struct{ File string }
}

// Nobody has run the containers where this was written: at least what the file says is held to.
func TestComposeFile(t *testing.T) {
	text, err := os.ReadFile(root + "/docker-compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	var c compose
	if err := yaml.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"jejak", "eventstoredb", "nats"} {
		s, ok := c.Services[name]
		if !ok {
			t.Errorf("there is no service %s", name)
			continue
		}
		if beside := name != "jejak"; beside != (len(s.Profiles) > 0) || beside != (s.Build == "") {
			t.Errorf("%s: profiles %v, build %q", name, s.Profiles, s.Build)
		}
		if s.Build == "" && (!regexp.MustCompile(`:[0-9]+\.[0-9]+[^/]*$`).MatchString(s.Image) || len(s.Healthcheck.Test) == 0) {
			t.Errorf("%s: image %q is of no version, or nothing asks for its health", name, s.Image)
		}
		for _, p := range s.Ports {
			if !strings.HasPrefix(p, "127.0.0.1:") {
				t.Errorf("%s: port %s is open to other machines", name, p)
			}
		}
		for _, v := range s.Volumes {
			if volume, _, _ := strings.Cut(v, ":"); !slices.Contains(keys(c.Volumes), volume) {
				t.Errorf("%s: there is no volume %s", name, volume)
			}
		}
		for _, config := range s.Configs {
			if file := c.Configs[config.Source].File; file == "" {
				t.Errorf("%s: config %s has no file", name, config.Source)
			} else if _, err := os.Stat(filepath.Join(root, file)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		for key := range s.Environment {
			if strings.Contains(key, "PASS") || strings.Contains(key, "SECRET") {
				t.Errorf("%s: %s stands in the file", name, key)
			}
		}
		if s.ReadOnly && len(s.Tmpfs) == 0 {
			t.Errorf("%s: it needs a place for temporary files", name)
		}
	}
}

func keys(m map[string]any) []string {
	var list []string
	for k := range m {
		list = append(list, k)
	}
	return list
}

func TestDockerfile(t *testing.T) {
	text, err := fs.ReadFile(os.DirFS(root), "Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"CGO_ENABLED=0", ":nonroot", "--chown=nonroot:nonroot", "ENV JEJAK_DATA=/data", `"version", "--server"`, `CMD ["serve"`, "STOPSIGNAL SIGTERM",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the Dockerfile has no %s", want)
		}
	}
}
