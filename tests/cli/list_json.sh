# what is listed is what the sources define
for room in methods metrics; do
    cambench list $room --json | sed -n 's/^    "name": "\(.*\)",$/\1/p' >listed
    sed -n "s/^const struct ${room%s} ${room%s}_\([a-z0-9_]*\) .*/\1/p" "$ROOT/$room"/*.c | sort >defined
    cmp listed defined && echo "$room agree"
done
cambench list layers resnet18 --json | head -n 16
