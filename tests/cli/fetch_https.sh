# A certificate that nobody has signed is refused.
command -v openssl >/dev/null || skip "no openssl"
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out certificate.pem -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost 2>/dev/null
serve certificate.pem key.pem
cambench fetch weights resnet18 --base "https://localhost:$(cat port)/plain" --file resnet18-a47b0b45.pth
echo "exit $?"
cat log
find . -name 'resnet18*'
