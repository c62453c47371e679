// A session over WebRTC, where the server draws: the face and its sound come as a stream, motion and control over a data
// channel. Usable without the page:
//
//   const call = new Call(new URL("webrtc/", location), { microphone: stream, face: "mira", size: 512 });
//   video.srcObject = call.stream;
//   call.connect();
import { Client } from "./client.js";

const GATHERING = 3000; // milliseconds for the ways to this machine

export class Call extends Client {
  /**
   * @param {URL} url  of the server's `webrtc/`
   * @param {{microphone?: MediaStream, face?: string, size?: number}} [options]  beside those of Client. microphone: what
   *        the face says; without it, send speech. size: of the picture, pixels
   */
  constructor(url, options = {}) {
    super(url, { source: options.microphone ? "microphone" : "speech", face: "default", size: 512, ...options });
    this.stream = new MediaStream();
  }

  /** @param {import("./protocol.js").Hello} hello @returns {RTCDataChannel} */
  open(hello) {
    let connection, over = false;
    const way = { send: (data) => way.channel?.send(data), close: () => connection?.close() };
    const lost = (code, reason) => {
      connection?.close();
      if (!over) way.onclose({ code, reason });
      over = true;
    };
    this.#dial(hello, (made) => (connection = made), way, lost).catch(({ message, code }) => lost(code, message));
    return way;
  }

  async #dial(hello, made, way, lost) {
    const bearer = hello.token ? { authorization: `Bearer ${hello.token}` } : {};
    const connection = new RTCPeerConnection(await answerOf(fetch(new URL("ice", this.url), { headers: bearer })));
    made(connection);
    const channel = (way.channel = connection.createDataChannel("live"));
    channel.binaryType = "arraybuffer";
    channel.onmessage = (event) => way.onmessage(event);
    channel.onclose = () => lost();
    connection.onconnectionstatechange = () => connection.connectionState === "failed" && lost(undefined, "No way to the server was found.");
    connection.ontrack = ({ track }) => {
      for (const old of this.stream.getTracks()) if (old.kind === track.kind) this.stream.removeTrack(old);
      this.stream.addTrack(track);
    };
    connection.addTransceiver("video", { direction: "recvonly" });
    const [microphone] = this.options.microphone?.getAudioTracks() ?? [];
    connection.addTransceiver(microphone ?? "audio", { direction: microphone ? "sendrecv" : "recvonly" });
    await connection.setLocalDescription();
    await gathered(connection);
    const { sdp, type } = connection.localDescription;
    const { face, size } = this.options;
    const body = JSON.stringify({ sdp, type, hello, face, size: Number(size) });
    await connection.setRemoteDescription(await answerOf(fetch(new URL("offer", this.url), { method: "POST", body })));
  }
}

/** @param {Promise<Response>} asked */
async function answerOf(asked) {
  const answer = await asked;
  const told = await answer.json();
  if (answer.ok) return told;
  throw Object.assign(new Error(told.detail?.message ?? told.detail), { code: told.detail?.code ?? 4000 });
}

/** Until all ways to this machine are known, or enough of them: the offer is made once. @param {RTCPeerConnection} connection */
function gathered(connection) {
  return new Promise((done) => {
    const look = () => connection.iceGatheringState === "complete" && done();
    connection.addEventListener("icegatheringstatechange", look);
    setTimeout(done, GATHERING);
    look();
  });
}
