import "../two_passes_test.ts?long";
