// Guesses the media type of a file from the end of its name. Pure.
const TYPES: Readonly<Record<string, string>> = {
  csv: 'text/csv',
  dcm: 'application/dicom',
  gif: 'image/gif',
  htm: 'text/html',
  html: 'text/html',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  json: 'application/json',
  mp4: 'video/mp4',
  pdf: 'application/pdf',
  png: 'image/png',
  tif: 'image/tiff',
  tiff: 'image/tiff',
  txt: 'text/plain',
  xml: 'application/xml',
  zip: 'application/zip',
};

/** Undefined for an end that is not known. */
export const mediaTypeOf = (fileName: string): string | undefined => {
  const end = /\.(\w+)$/.exec(fileName)?.[1]?.toLowerCase() ?? '';
  return Object.hasOwn(TYPES, end) ? TYPES[end] : undefined;
};
