// The judge of the reader of SOPS files: sops itself, as a library, for many files in one process. It reads a question as JSON
// from each line of stdin and answers with a line of JSON. It does what `sops encrypt` and `sops decrypt` do (sops v3.13
// cmd/sops/encrypt.go, decrypt.go), but for reading files and settings.
package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"
	"time"

	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/aes"
	"github.com/getsops/sops/v3/age"
	"github.com/getsops/sops/v3/cmd/sops/common"
	"github.com/getsops/sops/v3/cmd/sops/formats"
	"github.com/getsops/sops/v3/config"
	"github.com/getsops/sops/v3/keyservice"
	"github.com/getsops/sops/v3/logging"
	"github.com/getsops/sops/v3/version"
	"github.com/sirupsen/logrus"
)

type question struct {
	Format     string     `json:"format"`
	Text       []byte     `json:"text"`
	Groups     [][]string `json:"groups"`
	Threshold  int        `json:"threshold"`
	Selector   string     `json:"selector"`
	Selected   string     `json:"selected"`
	MacOnly    bool       `json:"macOnly"`
	Identities string     `json:"identities"`
}

type answer struct {
	// The encrypted file.
	Text []byte `json:"text,omitempty"`
	// Where it failed: load, key, tree, mac, emit, panic; empty where it did not.
	Stage string `json:"stage"`
	// Of the decrypted values, also where the MAC is wrong.
	Values string `json:"values,omitempty"`
	// Of the decrypted comments.
	Comments string `json:"comments,omitempty"`
}

func main() {
	logging.SetLevel(logrus.PanicLevel)
	for name := range logging.Loggers {
		logging.Loggers[name].Out = io.Discard
	}
	lines := bufio.NewReader(os.Stdin)
	out := json.NewEncoder(os.Stdout)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var asked question
		if err := json.Unmarshal(line, &asked); err != nil {
			panic(err)
		}
		store := common.StoreForFormat(formats.FormatFromString(asked.Format), config.NewStoresConfig())
		out.Encode(judge(store, asked))
	}
}

// sops panics where it can't write some comments of INI.
func judge(store common.Store, asked question) (given answer) {
	defer func() {
		if recover() != nil {
			given = answer{Stage: "panic"}
		}
	}()
	if asked.Identities == "" {
		return encrypt(store, asked)
	}
	os.Setenv("SOPS_AGE_KEY", asked.Identities)
	return decrypt(store, asked)
}

func encrypt(store common.Store, asked question) answer {
	branches, err := store.LoadPlainFile(asked.Text)
	if err != nil {
		return answer{Stage: "load"}
	}
	metadata := sops.Metadata{Version: version.Version, MACOnlyEncrypted: asked.MacOnly, ShamirThreshold: asked.Threshold}
	for _, recipients := range asked.Groups {
		var group sops.KeyGroup
		for _, recipient := range recipients {
			key, err := age.MasterKeyFromRecipient(recipient)
			if err != nil {
				panic(err)
			}
			group = append(group, key)
		}
		metadata.KeyGroups = append(metadata.KeyGroups, group)
	}
	selectors := map[string]*string{
		"unencrypted_suffix":        &metadata.UnencryptedSuffix,
		"encrypted_suffix":          &metadata.EncryptedSuffix,
		"unencrypted_regex":         &metadata.UnencryptedRegex,
		"encrypted_regex":           &metadata.EncryptedRegex,
		"unencrypted_comment_regex": &metadata.UnencryptedCommentRegex,
		"encrypted_comment_regex":   &metadata.EncryptedCommentRegex,
	}
	*selectors[asked.Selector] = asked.Selected
	tree := sops.Tree{Branches: branches, Metadata: metadata}
	key, errs := tree.GenerateDataKeyWithKeyServices(services())
	if len(errs) > 0 {
		return answer{Stage: "key"}
	}
	if err := common.EncryptTree(common.EncryptTreeOpts{DataKey: key, Tree: &tree, Cipher: aes.NewCipher()}); err != nil {
		return answer{Stage: "tree"}
	}
	text, err := store.EmitEncryptedFile(tree)
	if err != nil {
		return answer{Stage: "emit"}
	}
	return answer{Text: text}
}

func services() []keyservice.KeyServiceClient {
	return []keyservice.KeyServiceClient{keyservice.NewLocalClient()}
}

func decrypt(store common.Store, asked question) (found answer) {
	tree, err := store.LoadEncryptedFile(asked.Text)
	if err != nil {
		return answer{Stage: "load"}
	}
	if _, err := common.DetectKMSEncryptionContextBug(&tree); err != nil {
		return answer{Stage: "load"}
	}
	key, err := tree.Metadata.GetDataKeyWithKeyServices(services(), sops.DefaultDecryptionOrder)
	if err != nil {
		return answer{Stage: "key"}
	}
	cipher := aes.NewCipher()
	computed, err := tree.Decrypt(key, cipher)
	if err != nil {
		return answer{Stage: "tree"}
	}
	found = digests(tree.Branches)
	written, err := cipher.Decrypt(tree.Metadata.MessageAuthenticationCode, key, tree.Metadata.LastModified.Format(time.RFC3339))
	if err != nil || written != computed {
		found.Stage = "mac"
		return found
	}
	found.Stage = "emit"
	if _, err := store.EmitPlainFile(tree.Branches); err == nil {
		found.Stage = ""
	}
	return found
}

// What the values are, in order, each with its path and type; and the comments, in any order.
func digests(branches sops.TreeBranches) answer {
	values, comments := sha256.New(), []string{}
	var visit func(path string, value interface{})
	visit = func(path string, value interface{}) {
		switch value := value.(type) {
		case sops.TreeBranch:
			for _, item := range value {
				if comment, ok := item.Key.(sops.Comment); ok {
					comments = append(comments, comment.Value)
				} else {
					visit(path+item.Key.(string)+":", item.Value)
				}
			}
		case []interface{}:
			for _, item := range value {
				visit(path, item)
			}
		case sops.Comment:
			comments = append(comments, value.Value)
		case nil:
			fmt.Fprintf(values, "%s\x00null\x00\x00", path)
		default:
			bytes, err := sops.ToBytes(value)
			if err != nil {
				panic(err)
			}
			fmt.Fprintf(values, "%s\x00%s\x00%s\x00", path, typeOf(value), bytes)
		}
	}
	for index, branch := range branches {
		visit(fmt.Sprintf("%d:", index), branch)
	}
	sort.Strings(comments)
	sum := sha256.Sum256([]byte(strings.Join(comments, "\x00")))
	return answer{Values: hex.EncodeToString(values.Sum(nil)), Comments: hex.EncodeToString(sum[:])}
}

func typeOf(value interface{}) string {
	switch value.(type) {
	case string:
		return "str"
	case int:
		return "int"
	case float64:
		return "float"
	case bool:
		return "bool"
	case time.Time:
		return "time"
	}
	return "bytes"
}
