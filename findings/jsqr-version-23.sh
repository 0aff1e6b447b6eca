#!/usr/bin/env bash
# jsQR 1.4.0 (npm), the reader behind many scanner pages, reads no QR code of version 23 at error correction level L, whatever is in it. Versions 22 and 24 at
# level L, and version 23 at M, Q and H, are read. The codes are perfect pictures: 4 pixels a module, a quiet zone of 4 modules. The same codes of
# version 23-L are read by zbar 0.23.92, so that it is the reader.
#
# Version 23-L is what an encoder takes for 1,004 to 1,091 bytes, about a signed proof with its path.
# Seen with jsqr 1.4.0, qrcode 1.5.4 (encoder), node 20: "22-L 8/8  23-L 0/8  24-L 8/8  23-M 8/8  23-Q 8/8  23-H 8/8".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true}' > package.json
npm install --silent --no-audit --no-fund jsqr@1.4.0 qrcode@1.5.4
cat > try.cjs <<'JS'
const jsQR = require('jsqr'), QR = require('qrcode');
const scale = 4, quiet = 4;

// picture draws the modules of a code as an image, four bytes a pixel.
function picture(code) {
  const n = code.modules.size, width = (n + 2 * quiet) * scale;
  const data = new Uint8ClampedArray(width * width * 4).fill(255);
  for (let y = 0; y < width; y++) {
    for (let x = 0; x < width; x++) {
      const row = Math.floor(y / scale) - quiet, column = Math.floor(x / scale) - quiet;
      if (row >= 0 && column >= 0 && row < n && column < n && code.modules.get(column, row)) {
        data.fill(0, (y * width + x) * 4, (y * width + x) * 4 + 3);
      }
    }
  }
  return [data, width];
}

// bytes that the version and level hold by the standard (ISO/IEC 18004, byte mode), less one.
const room = { '22-L': 1002, '23-L': 1090, '24-L': 1170, '23-M': 856, '23-Q': 610, '23-H': 460 };
const seen = Object.entries(room).map(([name, most]) => {
  const [version, errorCorrectionLevel] = name.split('-');
  let read = 0;
  for (let k = 0; k < 8; k++) {
    const text = Array.from({ length: most - k }, (_, i) => 'abcdefghijklmnopqrstuvwxyz0123456789+/='[(i * 7 + i * i * (k + 3)) % 39]).join('');
    const code = QR.create([{ data: Buffer.from(text), mode: 'byte' }], { version: Number(version), errorCorrectionLevel });
    const found = jsQR(...picture(code), picture(code)[1]);
    if (found && found.data === text) read++;
  }
  return `${name} ${read}/8`;
});
console.log(seen.join('  '));
JS
seen=$(node try.cjs)
echo "$seen"
[ "$seen" = "22-L 8/8  23-L 0/8  24-L 8/8  23-M 8/8  23-Q 8/8  23-H 8/8" ] || { echo "that has changed" >&2; exit 1; }
