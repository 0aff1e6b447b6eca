// Reads QR codes as web pages do: node qr.mjs FILE.png... prints {"FILE.png": {"jsqr": text, "zxing": text, "zxing-wasm": text}} with null for what was not
// read. The working directory has the packages.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const require = createRequire(join(process.cwd(), 'x.js'));
const { PNG } = require('pngjs');
const jsQR = require('jsqr').default ?? require('jsqr');
const zxing = require('@zxing/library');
const wasm = require('zxing-wasm/reader');
wasm.prepareZXingModule({
  overrides: { wasmBinary: readFileSync(join(process.cwd(), 'node_modules/zxing-wasm/dist/reader/zxing_reader.wasm')).buffer },
});

// A page with a camera tries picture after picture, each a little different, and so does this: with both ways to tell black from white, in a hurry and not, and
// held in four directions.
const tried = (grey, width, height) => {
  for (let turns = 0; turns < 4; turns++) {
    for (const Binarizer of [zxing.HybridBinarizer, zxing.GlobalHistogramBinarizer]) {
      for (const hints of [undefined, new Map([[zxing.DecodeHintType.TRY_HARDER, true]])]) {
        try {
          const source = new zxing.RGBLuminanceSource(grey, width, height);
          return new zxing.QRCodeReader().decode(new zxing.BinaryBitmap(new Binarizer(source)), hints).getText();
        } catch (e) {
          if (!(e instanceof zxing.Exception)) throw e;
        }
      }
    }
    const turned = new Uint8ClampedArray(grey.length);
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) turned[x * height + height - 1 - y] = grey[y * width + x];
    [grey, width, height] = [turned, height, width];
  }
  return null;
};

const all = {};
for (const name of process.argv.slice(2)) {
  const { data, width, height } = PNG.sync.read(readFileSync(name));
  const pixels = new Uint8ClampedArray(data);
  const grey = new Uint8ClampedArray(width * height);
  for (let i = 0; i < grey.length; i++) grey[i] = data[4 * i];
  const found = await wasm.readBarcodes({ data: pixels, width, height, colorSpace: 'srgb' }, { formats: ['QRCode'] });
  all[name] = { jsqr: jsQR(pixels, width, height)?.data ?? null, zxing: tried(grey, width, height), 'zxing-wasm': found[0]?.text ?? null };
}
process.stdout.write(JSON.stringify(all));
