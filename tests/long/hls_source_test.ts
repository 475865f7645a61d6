import "../hls_source_test.ts?long";
