// An https server that demands a client certificate and speaks HTTP/2 and HTTP/1.1. Prints its port, then a line of JSON
// for each request. Arguments: the folder with its certificates.
import fs from "node:fs";
import http2 from "node:http2";

const read = (name) => fs.readFileSync(`${process.argv[2]}/${name}`);
const sessions = new Map();
const numberOf = (socket) => {
  if (!sessions.has(socket)) sessions.set(socket, sessions.size + 1);
  return sessions.get(socket);
};

const options = {
  key: read("server.key"),
  cert: read("server.pem"),
  ca: read("clients.pem"),
  requestCert: true,
  rejectUnauthorized: true,
  allowHTTP1: true,
};
const server = http2.createSecureServer(options, (request, response) => {
  let body = "";
  request.on("data", (bytes) => (body += bytes));
  request.on("end", () => {
    const key = request.stream ? request.stream.session : request.socket;
    const socket = request.stream ? request.stream.session.socket : request.socket;
    const names = Object.keys(request.headers).filter((name) => !name.startsWith(":"));
    const certificate = socket.getPeerCertificate();
    const { httpVersion: version, method } = request;
    console.log(
      JSON.stringify({ version, method, body, names, subject: certificate.subject.CN, session: numberOf(key) }),
    );
    response.end("thanks");
  });
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
