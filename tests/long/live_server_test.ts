import "../live_server_test.ts?long";
