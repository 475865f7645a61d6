"""Takes a stream of H.264 by RTSP and writes it into a Matroska file: rtsp_recorder.py PORT PATH"""
import signal
import sys
import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

Gst.init(None)
port, path = sys.argv[1:]
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service(port)
factory = GstRtspServer.RTSPMediaFactory()
factory.set_transport_mode(GstRtspServer.RTSPTransportMode.RECORD)
factory.set_launch(
    "( rtph264depay name=depay0 ! h264parse ! matroskamux streamable=true ! filesink buffer-mode=2 location=%s )" % path
)
factory.set_latency(200)
server.get_mount_points().add_factory("/live", factory)
server.attach(None)
loop = GLib.MainLoop()
signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
GLib.timeout_add(100, lambda: True)
print("ready", flush=True)
loop.run()
