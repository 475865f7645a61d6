import "../full_disk_test.ts?long";
