#!/usr/bin/env bash
# What a person does to put the key into the cluster.
set -euo pipefail
kubectl get secret sops-age --namespace flux-system >/dev/null
kubectl delete secret sops-age --namespace flux-system >/dev/null
kubectl create secret generic sops-age --namespace flux-system --from-file=age.agekey=.age-key.txt >/dev/null
