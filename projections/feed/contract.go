package feed

import _ "embed"

//go:embed asyncapi.yaml
var asyncAPI []byte

// AsyncAPI is the contract of the feed: an AsyncAPI 3 document in YAML, which the tests hold against the messages. It must not be changed.
func AsyncAPI() []byte { return asyncAPI }
