import "../network_redirects_test.ts?long";
