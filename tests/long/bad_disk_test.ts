import "../bad_disk_test.ts?long";
