# To be sourced with the variable `checkout` set.

# Copies the checkout, including uncommitted files: copy_checkout DIRECTORY
copy_checkout() {
  rm -rf -- "$1"
  mkdir -- "$1"
  git -C "$checkout" ls-files --cached --others --exclude-standard -z |
    tar -C "$checkout" --null --files-from=- --ignore-failed-read -c | tar -C "$1" -x
}
