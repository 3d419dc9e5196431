#!/usr/bin/env bash
# Three questions about scikit-image's photographs; each answer as a page, Turtle and a picture.
set -euo pipefail

folder=${1:-demo}
mkdir -p "$folder"

ask() { # name, photograph, question
    printf '\n$ sightgraph ask %s "%s"\n' "$2" "$3"
    sightgraph ask "$2" "$3" \
        --export "$folder/$1.html" "$folder/$1.ttl" "$folder/$1.png"
}

ask motorcycle example:motorcycle "What powers this motorcycle?"
ask coffee example:coffee "What is the cup made of?"
ask cat example:cat "Is this animal a mammal?"

printf '\nWritten:\n'
printf '  %s\n' "$folder"/{motorcycle,coffee,cat}.{html,ttl,png}
