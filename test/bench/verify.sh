#!/usr/bin/env bash
# The round trip as a person would script it: commit, push, annotate the source, poll every 50 ms.
set -euo pipefail
path=kubernetes/infrastructure

push() {
  git add --all "$path"
  git commit --quiet --message "$1"
  git push --quiet origin HEAD
  commit=$(git rev-parse HEAD)
  kubectl annotate gitrepository flux-system --namespace flux-system --overwrite "reconcile.fluxcd.io/requestedAt=$(date +%s%N)" >/dev/null
  until [ "$(kubectl get kustomization infrastructure --namespace flux-system -o jsonpath='{.status.lastAppliedRevision}')" = "main@sha1:$commit" ]; do sleep 0.05; done
}

git pull --quiet --rebase origin main
message="by hand $RANDOM$RANDOM"
mkdir "$path/sops-test"
printf 'apiVersion: v1\nkind: Secret\nmetadata:\n  name: sops-test\n  namespace: default\nstringData:\n  message: %s\n' "$message" |
  sops encrypt --filename-override "$path/sops-test/secret.enc.yaml" >"$path/sops-test/secret.enc.yaml"
printf 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n  - secret.enc.yaml\n' >"$path/sops-test/kustomization.yaml"
sed -i.bak 's/^resources: \[\]$/resources:\n  - sops-test/' "$path/kustomization.yaml" && rm "$path/kustomization.yaml.bak"
kustomize build "$path" >/dev/null
push 'feat: test'
test "$(kubectl get secret sops-test --namespace default -o jsonpath='{.data.message}' | base64 -d)" = "$message"
git rm --quiet -r "$path/sops-test"
sed -i.bak '/sops-test/d; s/^resources:$/resources: []/' "$path/kustomization.yaml" && rm "$path/kustomization.yaml.bak"
push 'chore: test'
while kubectl get secret sops-test --namespace default >/dev/null 2>&1; do sleep 0.05; done
