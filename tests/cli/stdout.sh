# text that does not arrive is an error; a reader that has seen enough is none
cambench list methods >&-
echo "closed: $?"
cambench list methods >/dev/full
echo "full: $?"
cambench list layers vgg19 | head -n 1
echo "left: ${PIPESTATUS[0]}"
